-- Roles and schemas of one OEP database: each service sees its own schema and nothing else.
--
-- Run by psql as a superuser, connected to the database itself; safe to repeat. The runner `oep`
-- and the container image (through /docker-entrypoint-initdb.d) run the same file. Passwords come
-- from the environment: <SERVICE>_OWNER_PASSWORD, <SERVICE>_APP_PASSWORD, EXAM_USER_PASSWORD.
--
--   <service>_owner   owns the schema <service>, runs its migrations
--   <service>_app     the running service: reads and writes rows, changes no table
--   exam_user         people with psql: reads the schema proctoring, nothing else

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

\getenv auth_owner_password AUTH_OWNER_PASSWORD
\getenv auth_app_password AUTH_APP_PASSWORD
\getenv attempts_owner_password ATTEMPTS_OWNER_PASSWORD
\getenv attempts_app_password ATTEMPTS_APP_PASSWORD
\getenv proctoring_owner_password PROCTORING_OWNER_PASSWORD
\getenv proctoring_app_password PROCTORING_APP_PASSWORD
\getenv exam_user_password EXAM_USER_PASSWORD

BEGIN;

CREATE TEMPORARY TABLE wanted (name text, password text, path text) ON COMMIT DROP;
INSERT INTO wanted VALUES
  ('auth_owner', :'auth_owner_password', 'auth'),
  ('auth_app', :'auth_app_password', 'auth'),
  ('attempts_owner', :'attempts_owner_password', 'attempts'),
  ('attempts_app', :'attempts_app_password', 'attempts'),
  ('proctoring_owner', :'proctoring_owner_password', 'proctoring'),
  ('proctoring_app', :'proctoring_app_password', 'proctoring'),
  ('exam_user', :'exam_user_password', 'proctoring');

SELECT format('CREATE ROLE %I', name) FROM wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

SELECT format(
  'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD %L',
  name, password
) FROM wanted
\gexec
SELECT format('ALTER ROLE %I SET search_path = %I', name, path) FROM wanted
\gexec

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), name) FROM wanted
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;

SELECT replace(statement, 'SERVICE', service)
FROM unnest(ARRAY['auth', 'attempts', 'proctoring']) WITH ORDINALITY AS services (service, place)
CROSS JOIN unnest(ARRAY[
  'CREATE SCHEMA IF NOT EXISTS SERVICE AUTHORIZATION SERVICE_owner',
  'ALTER SCHEMA SERVICE OWNER TO SERVICE_owner',
  'GRANT USAGE ON SCHEMA SERVICE TO SERVICE_app',
  'ALTER DEFAULT PRIVILEGES FOR ROLE SERVICE_owner IN SCHEMA SERVICE '
    'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO SERVICE_app',
  'ALTER DEFAULT PRIVILEGES FOR ROLE SERVICE_owner IN SCHEMA SERVICE '
    'GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO SERVICE_app'
]) WITH ORDINALITY AS statements (statement, step)
ORDER BY place, step
\gexec

GRANT USAGE ON SCHEMA proctoring TO exam_user;
ALTER DEFAULT PRIVILEGES FOR ROLE proctoring_owner IN SCHEMA proctoring
  GRANT SELECT ON TABLES TO exam_user;

COMMIT;
