-- {orgs} orgs with {missions} missions in all, made 50 at a time as orgs plan them, so that an org's rows do not lie
-- together. A mission starts every 8 hours and lasts 4; every second one has somebody on it.
INSERT INTO orgs (id, name, name_key, timezone, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {orgs} - 1)
SELECT uid(1, i), 'Ensemble ' || i, 'ensemble ' || i, 'Europe/Paris', {now}, {now} FROM n;

-- As after any write.
INSERT INTO list_versions (org_id, projects, missions)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {orgs} - 1)
SELECT uid(1, i), {now}, {now} FROM n;

INSERT INTO org_memberships (org_id, id, account_id, role, is_active, proven_at, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {orgs} - 1)
SELECT uid(1, i), uid(7, i), accounts.id, 'owner', TRUE, {now}, {now}, {now}
FROM n CROSS JOIN accounts WHERE accounts.email_key = '{email}';

INSERT INTO projects (org_id, id, name, name_key, name_search, status, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {orgs} - 1)
SELECT uid(1, i), uid(3, i), 'La saison', 'la saison', 'la saison', 'ACTIVE', {now}, {now} FROM n;

INSERT INTO users (org_id, id, first_name, last_name, sort_key, name_search, employment_type, active, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {orgs} * 100 - 1)
SELECT uid(1, i / 100), uid(2, i), 'Camille', 'Durand ' || i, 'durand ' || i || ' camille', 'camille durand ' || i,
    'INTERMITTENT', TRUE, {now}, {now}
FROM n;

INSERT INTO missions (org_id, id, project_id, title, search, location, starts_at, ends_at, timezone, note, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {missions} - 1)
SELECT uid(1, i / 50 % {orgs}), uid(4, i), uid(3, i / 50 % {orgs}), 'Montage lumière ' || i, 'montage lumiere ' || i,
    'Grande salle', {start} + (i / 50 / {orgs} * 50 + i % 50) * 28800000000,
    {start} + (i / 50 / {orgs} * 50 + i % 50) * 28800000000 + 14400000000, 'Europe/Paris',
    CASE WHEN i % 10 = 0 THEN 'Entrée des artistes, badge à l''accueil' END, {now}, {now}
FROM n;

INSERT INTO mission_roles (org_id, id, mission_id, role_name, name_key, quota, position, created_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {missions} - 1)
SELECT uid(1, i / 50 % {orgs}), uid(5, i), uid(4, i), 'lumiere', 'lumiere', 3, 0, {now} FROM n;

INSERT INTO assignments (org_id, id, mission_id, user_id, mission_role_id, status, starts_at, ends_at, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 2 FROM n WHERE i < {missions} - 2)
SELECT uid(1, i / 50 % {orgs}), uid(6, i), uid(4, i), uid(2, i / 50 % {orgs} * 100 + i / 2 % 100), uid(5, i),
    CASE WHEN i % 4 = 0 THEN 'ACCEPTED' ELSE 'INVITED' END,
    {start} + (i / 50 / {orgs} * 50 + i % 50) * 28800000000,
    {start} + (i / 50 / {orgs} * 50 + i % 50) * 28800000000 + 14400000000, {now}, {now}
FROM n;
