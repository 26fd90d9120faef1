-- How fast each sort of authority answers: for `wdtk export csv DEST --sql late.sql`.
select coalesce(s.authority_category, 'none') as category,
  count(*) as requests,
  sum(d.standing like 'answered%') as answered,
  sum(d.standing in ('answered_late', 'answered_very_late', 'overdue', 'very_overdue')) as late,
  round(100.0 * sum(d.standing in ('answered_late', 'answered_very_late', 'overdue', 'very_overdue')) / count(*), 1)
    as late_percent,
  round(avg(d.working_days), 1) as mean_working_days
from request_summary s join deadlines d on d.request_id = s.id
group by category order by requests desc, category
