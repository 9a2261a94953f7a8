-- An org whose one person has accepted {missions} missions of an hour, back to back. Every 100th lasts half an hour longer,
-- into the next, with a reason. Missions and people count from {first}.
INSERT INTO orgs (id, name, name_key, timezone, created_at, updated_at)
VALUES (uid(1, {first}), 'Soliste {first}', 'soliste {first}', 'Europe/Paris', {now}, {now});

-- As after any write.
INSERT INTO list_versions (org_id, projects, missions) VALUES (uid(1, {first}), {now}, {now});

INSERT INTO org_memberships (org_id, id, account_id, role, is_active, proven_at, created_at, updated_at)
SELECT uid(1, {first}), uid(7, {first}), id, 'owner', TRUE, {now}, {now}, {now} FROM accounts WHERE email_key = '{email}';

INSERT INTO users (org_id, id, first_name, last_name, sort_key, name_search, employment_type, active, created_at, updated_at)
VALUES (uid(1, {first}), uid(2, {first}), 'Camille', 'Durand', 'durand camille', 'camille durand', 'CDI', TRUE, {now}, {now});

INSERT INTO missions (org_id, id, title, search, starts_at, ends_at, timezone, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {missions} - 1)
SELECT uid(1, {first}), uid(4, {first} + i), 'Garde ' || i, 'garde ' || i, {start} + i * 3600000000,
    {start} + i * 3600000000 + CASE WHEN i % 100 = 0 THEN 5400000000 ELSE 3600000000 END, 'Europe/Paris', {now}, {now}
FROM n;

INSERT INTO mission_roles (org_id, id, mission_id, role_name, name_key, position, created_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {missions} - 1)
SELECT uid(1, {first}), uid(5, {first} + i), uid(4, {first} + i), 'garde', 'garde', 0, {now} FROM n;

INSERT INTO assignments (org_id, id, mission_id, user_id, mission_role_id, status, conflict_override, starts_at, ends_at, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {missions} - 1)
SELECT uid(1, {first}), uid(6, {first} + i), uid(4, {first} + i), uid(2, {first}), uid(5, {first} + i), 'ACCEPTED',
    CASE WHEN i % 100 = 0 THEN 'La relève se fait sur place' END, {start} + i * 3600000000,
    {start} + i * 3600000000 + CASE WHEN i % 100 = 0 THEN 5400000000 ELSE 3600000000 END, {now}, {now}
FROM n;
