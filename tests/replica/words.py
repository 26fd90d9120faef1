"""Invented names and sentences. Places, people, firms and systems exist nowhere but here."""

from __future__ import annotations

import re
from random import Random

PLACE_STARTS = (
    "Quenby Thrasel Mardowick Ollerfeck Brindleby Wexcombray Cawdle Dunmerrow Elvastow Fennimoor Garthwyle Haskrigg "
    "Istenby Jorvenham Kelderbeck Lanthwick Morvendale Netherquay Oxleyfarn Pellowick"
).split()
PLACE_ENDS = ("", " Vale", " Magna", " and Northmarch", " Bridge", " St Osyl", " Moors", " Water")
AUTHORITY_SORTS = (
    ("District Council", "local_council"),
    ("Borough Council", "local_council"),
    ("County Council", "local_council"),
    ("Constabulary", "police"),
    ("NHS Trust", "nhs"),
    ("University", "university"),
)
FIRST_NAMES = "Ada Bo Celyn Dov Esi Farid Greta Hana Idris Jun Kofi Lena Mirza Nia Oskar Priya Quill Rhys Siân Tove".split()
LAST_NAMES = "Amberly Brackish Corvane Drummel Eastwhistle Farrowgate Grindlow Hobkirkby Inglefarn Jessamy O'Quill".split()
SUPPLIERS = ("Quantrell Analytics", "Brylock Systems", "Novisade Ltd", "Halden & Pryce Data", "Orrery Insight", "Tessivane plc")
SYSTEMS = (
    "Siftline",
    "Harrowgrid",
    "CareCompass Q",
    "ClaimWarden",
    "FamilyLens 2",
    "Pothole Oracle",
    "RiskBarometer",
    "DebtSight",
)
PURPOSES = (
    "housing benefit reviews",
    "council tax arrears",
    "early help for families",
    "road repairs",
    "fraud checks on claims",
    "school admissions",
    "social care assessments",
    "parking enforcement",
)
DESKS = ("Information Desk", "FOI Officer", "Records and Requests", "Data Governance", "Customer Relations")

BATCH_TITLE = "Data analytics usage"
BATCH_QUESTION = (
    "I would like to know which algorithmic systems your authority relies on.\n\n"
    "1. Do you use software that scores, ranks or predicts people, households or places?\n"
    "2. For each system: its name, its supplier, its purpose and the year it was first used.\n"
    "3. Any contract, impact assessment or guidance for staff about it.\n\n"
    "Background to this project is at https://data-questions.example.org/projects/algorithms-in-councils?ref=batch."
)
TOPICS = (
    "Spending on agency staff",
    "Empty homes",
    "Library opening hours",
    "Café & catering contracts",
    "Road gritting routes",
    "Complaints about noise",
    "Use of consultants",
    "Parking fines by street",
    "School transport policy",
    "Freedom of information — staffing",
    "Tree felling",
    "Waiting times",
    "Software licences",
    "Cladding on public buildings",
    "Allotment waiting lists",
    "Facial recognition trials",
    "Chatbots and automated letters",
    "Body worn cameras",
    "Sickness absence",
    "Flood defences",
)
QUESTIONS = (
    "Please send me the number for each of the last five years.",
    "Please give the total cost and the name of each supplier.",
    "I ask for a copy of the policy that is in force today.",
    "If the answer would cost too much, please help me to narrow the question.",
    "A spreadsheet would suit me best.",
    "You may send what you hold in whatever form you keep it.",
    "I do not need the names of any staff.",
    "Please include any assessment made before the work began.",
)
REMARKS = (
    "We have searched the records of the teams concerned.",
    "The figures are taken from our finance system at the end of the quarter.",
    "Some entries were rounded to protect small groups.",
    "The work is reviewed each spring by the committee.",
    "Further tables are published on our website twice a year.",
    "You may ask for a review of this answer within forty working days.",
    "The contract was let through an open tender.",
    "No decision is taken without a member of staff.",
    "The team concerned moved to a new system in the autumn.",
    "We apologise for the time that this has taken.",
    "The totals do not include schools.",
    "A summary was given to councillors last year.",
)
ANSWERS = {
    "successful": "Please find what you asked for below and in the files sent with this letter.",
    "partially_successful": "We can give part of what you asked for. Prices are withheld under section 43(2).",
    "rejected": "We refuse this request. Finding the answer would exceed the limit of section 12.",
    "not_held": "We looked, and we do not hold this information.",
    "waiting_clarification": "Before we can begin, please tell us which years and which services you mean.",
    "gone_postal": "Our answer is on paper only, so we shall post it to you.",
    "internal_review": "Your complaint has gone to a colleague who took no part in the first answer.",
    "error_message": "This mailbox is closed and is read by nobody.",
    "requires_admin": "Please log in to our portal, where the answer waits for you.",
    "user_withdrawn": "As you asked, we have stopped work on this request.",
    "waiting_response": "We have received your request and shall answer within twenty working days.",
}
REMINDER = "I have had no answer within the time that the law allows. Please tell me when I may expect one."
REPLIES = {
    "waiting_clarification": "Thank you for this. To clarify: I mean the last three financial years, and all services.",
    "partially_successful": "Thank you. One table seems to end in the middle of a line; could you send it again?",
}
REVIEW = "Please review how this request was handled. I do not think the exemption applies to the names of systems."
REMARKS_BY_READERS = (
    "The neighbouring council answered the same question in full.",
    "The contract is also on the tender portal: https://tenders.example.org/notices/2025/analytics-platform-award-notice",
    "Page two of the attachment answers the second question.",
    "Write to me at reader@example.net if you collect these.",
    "The figures differ from those in last year's answer.",
)


def slug(text: str, length: int = 32) -> str:
    """As the site makes the address of a title: words joined by underscores, cut (section 9)."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower().replace("é", "e")).strip("_")[:length].rstrip("_")
    return "request" if not plain or plain.isdigit() else plain


def person(rng: Random) -> str:
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"


def remarks(rng: Random, count: int) -> str:
    return " ".join(rng.sample(REMARKS, count))


def question(rng: Random, authority: str, author: str, topic: str) -> str:
    asked = "\n".join(f"{n}. {text}" for n, text in enumerate(rng.sample(QUESTIONS, 3), 1))
    return f"Dear {authority},\n\nI should like to know about this: {topic.lower()}.\n\n{asked}\n\nYours faithfully,\n\n{author}"


def systems(rng: Random, authority: str) -> str:
    """A list of systems in use, a line each, as an answer's file would hold it."""
    chosen = rng.sample(SYSTEMS, rng.randint(1, 3))
    lines = [
        f"{name}, supplied by {rng.choice(SUPPLIERS)}, for {rng.choice(PURPOSES)}, since {rng.randint(2016, 2025)}"
        for name in chosen
    ]
    return "\n".join([f"Systems in use at {authority}", *lines, *rng.sample(REMARKS, 2)])


def answer(rng: Random, state: str, requester: str, reference: str, said: str | None, quoted: str | None) -> str:
    """An authority's mail. `said` is what it tells; `quoted` an earlier message that it repeats below its own words."""
    told = f"{said}\n\n" if said else ""
    text = (
        f"Dear {requester},\n\nOur reference: {reference}\n\n{ANSWERS[state]}\n\n{told}{remarks(rng, rng.randint(2, 5))}\n\n"
        f"Questions go to foi-{reference.lower()}@authority.example.gov.uk or to Mobile: 07700 900{rng.randint(100, 999)}.\n\n"
        f"Yours sincerely,\n{rng.choice(DESKS)}"
    )
    if quoted is None:
        return text
    return text + "\n\n" + "\n".join(f"> {line}".rstrip() for line in quoted.splitlines())
