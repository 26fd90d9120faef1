-- Which council uses which supplier's system, quoted, with the source linked: one row per council and term.
-- A mention is words, not a fact: read the quotation before you count it.
select s.authority,
  s.kind,
  s.term,
  s.supplier,
  count(*) as passages,
  min(s.link) as first_source,
  min(s.quote) as quote
from council_systems s
group by s.authority, s.kind, s.term
order by s.authority, s.kind desc, s.term
