-- An org with {missions} people, each asked for one mission that ten of them share: nobody waits for anybody but those.
INSERT INTO orgs (id, name, name_key, timezone, created_at, updated_at)
VALUES (uid(1, {first}), 'Compagnie {first}', 'compagnie {first}', 'Europe/Paris', {now}, {now});

-- As after any write.
INSERT INTO list_versions (org_id, projects, missions) VALUES (uid(1, {first}), {now}, {now});

INSERT INTO org_memberships (org_id, id, account_id, role, is_active, proven_at, created_at, updated_at)
SELECT uid(1, {first}), uid(7, {first}), id, 'owner', TRUE, {now}, {now}, {now} FROM accounts WHERE email_key = '{email}';

INSERT INTO projects (org_id, id, name, name_key, name_search, status, created_at, updated_at)
VALUES (uid(1, {first}), uid(3, {first}), 'La tournée', 'la tournée', 'la tournee', 'ACTIVE', {now}, {now});

INSERT INTO users (org_id, id, first_name, last_name, sort_key, name_search, email, contact_search, employment_type, active, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {missions} - 1)
SELECT uid(1, {first}), uid(2, {first} + i), 'Camille', 'Durand ' || i, 'durand ' || i || ' camille',
    'camille durand ' || i, 'camille' || i || '@people.example', 'camille' || i || '@people.example', 'INTERMITTENT', TRUE,
    {now}, {now}
FROM n;

INSERT INTO missions (org_id, id, project_id, title, search, location, starts_at, ends_at, timezone, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ({missions} + 9) / 10 - 1)
SELECT uid(1, {first}), uid(4, {first} + i), uid(3, {first}), 'Montage lumière ' || i, 'montage lumiere ' || i,
    'Grande salle', {start} + i * 3600000000, {start} + i * 3600000000 + 14400000000, 'Europe/Paris', {now}, {now}
FROM n;

INSERT INTO mission_roles (org_id, id, mission_id, role_name, name_key, quota, position, created_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ({missions} + 9) / 10 - 1)
SELECT uid(1, {first}), uid(5, {first} + i), uid(4, {first} + i), 'lumiere', 'lumiere', 20, 0, {now} FROM n;

-- Those who answer one after the other are on different missions.
INSERT INTO assignments (org_id, id, mission_id, user_id, mission_role_id, status, starts_at, ends_at, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {missions} - 1)
SELECT uid(1, {first}), uid(6, {first} + i), uid(4, {first} + i % (({missions} + 9) / 10)), uid(2, {first} + i),
    uid(5, {first} + i % (({missions} + 9) / 10)), 'INVITED', {start} + i % (({missions} + 9) / 10) * 3600000000,
    {start} + i % (({missions} + 9) / 10) * 3600000000 + 14400000000, {now}, {now}
FROM n;
