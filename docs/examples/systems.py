"""A table and a count from `wdtk export csv DEST`: python systems.py DEST. Needs pandas."""

import sys
from pathlib import Path

import pandas as pd

folder = Path(sys.argv[1])
systems = pd.read_csv(folder / "council_systems.csv")
answers = pd.read_csv(folder / "batch_answers.csv", parse_dates=["responded_on"])

# Texts that begin with an apostrophe had one put before them, for spreadsheets (see the export's README).
systems["quote"] = systems["quote"].str.replace(r"^'", "", regex=True)

table = (
    systems.groupby(["authority", "kind", "term"])
    .agg(passages=("quote", "size"), source=("link", "first"), quote=("quote", "first"))
    .reset_index()
)
table.to_csv("who-uses-what.csv", index=False)

councils = systems.groupby(["kind", "term"])["authority"].nunique().sort_values(ascending=False)
print(councils.rename("councils").to_string())
asked, answered = len(answers), int(answers["responded_on"].notna().sum())
named = answers["authority"].isin(systems["authority"]).sum()
print(f"{asked} asked, {answered} answered, {named} named a system or supplier")
