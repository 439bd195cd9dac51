--
-- PostgreSQL database dump
--

-- A small legacy portal, invented for tests: every peculiarity of the known dump, and some more.

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TYPE public.attemptstatus AS ENUM (
    'NOT_STARTED',
    'IN_PROGRESS',
    'SUBMITTED',
    'GRADED',
    'EXPIRED',
    'CANCELLED'
);

ALTER TYPE public.attemptstatus OWNER TO exam_user;

CREATE TYPE public.difficultylevel AS ENUM (
    'EASY',
    'MEDIUM',
    'HARD'
);

ALTER TYPE public.difficultylevel OWNER TO exam_user;

CREATE TYPE public.examstatus AS ENUM (
    'DRAFT',
    'PUBLISHED',
    'ACTIVE',
    'COMPLETED',
    'ARCHIVED'
);

ALTER TYPE public.examstatus OWNER TO exam_user;

CREATE TYPE public.questiontype AS ENUM (
    'MULTIPLE_CHOICE',
    'TRUE_FALSE',
    'SHORT_ANSWER',
    'ESSAY'
);

ALTER TYPE public.questiontype OWNER TO exam_user;

CREATE TYPE public.rubrictype AS ENUM (
    'ANALYTICAL',
    'HOLISTIC',
    'CHECKLIST'
);

ALTER TYPE public.rubrictype OWNER TO exam_user;

CREATE TYPE public.scoringmethod AS ENUM (
    'POINTS',
    'PERCENTAGE',
    'LEVELS'
);

ALTER TYPE public.scoringmethod OWNER TO exam_user;

CREATE TYPE public.transferstatus AS ENUM (
    'PENDING',
    'APPROVED',
    'REJECTED',
    'COMPLETED',
    'FAILED'
);

ALTER TYPE public.transferstatus OWNER TO exam_user;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


CREATE TABLE public.audit_logs (
    id integer NOT NULL,
    event_type character varying(50) NOT NULL,
    event_category character varying(50) NOT NULL,
    user_id integer,
    username character varying(255),
    attempt_id integer,
    exam_id integer,
    transfer_id integer,
    description text NOT NULL,
    details json,
    ip_address character varying(45),
    user_agent character varying(500),
    success integer NOT NULL,
    error_message text,
    created_at timestamp without time zone NOT NULL
);


CREATE TABLE public.centers (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    code character varying(50) NOT NULL,
    address character varying(500),
    city character varying(100),
    state character varying(100),
    district character varying(100),
    pincode character varying(20),
    is_active boolean NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.criterion_scores (
    id integer NOT NULL,
    feedback_id integer NOT NULL,
    criterion_id integer NOT NULL,
    level_id integer,
    points_awarded double precision NOT NULL,
    comments text,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.exam_questions (
    id integer NOT NULL,
    exam_id integer NOT NULL,
    question_id integer NOT NULL,
    order_number integer NOT NULL,
    marks_override double precision,
    created_at timestamp without time zone NOT NULL
);


CREATE TABLE public.exams (
    id integer NOT NULL,
    title character varying(255) NOT NULL,
    description text,
    trade_id integer NOT NULL,
    duration_minutes integer NOT NULL,
    start_time timestamp without time zone,
    end_time timestamp without time zone,
    total_marks double precision NOT NULL,
    passing_marks double precision NOT NULL,
    total_questions integer NOT NULL,
    shuffle_questions boolean NOT NULL,
    shuffle_options boolean NOT NULL,
    show_results_immediately boolean NOT NULL,
    allow_review boolean NOT NULL,
    status public.examstatus NOT NULL,
    instructions text,
    created_by integer,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.grading_feedback (
    id integer NOT NULL,
    answer_id integer NOT NULL,
    rubric_id integer NOT NULL,
    graded_by integer NOT NULL,
    comments text,
    total_score double precision NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.proctoring_events (
    id integer NOT NULL,
    attempt_id integer NOT NULL,
    event_type character varying(50) NOT NULL,
    event_timestamp timestamp without time zone NOT NULL,
    question_id integer,
    event_data json,
    user_agent text,
    ip_address character varying(45),
    severity character varying(20),
    created_at timestamp without time zone NOT NULL
);


CREATE TABLE public.question_banks (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    description text,
    trade_id integer NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.question_rubrics (
    id integer NOT NULL,
    question_id integer NOT NULL,
    rubric_id integer NOT NULL,
    is_required boolean NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.question_timings (
    id integer NOT NULL,
    attempt_id integer NOT NULL,
    question_id integer NOT NULL,
    first_viewed_at timestamp without time zone,
    last_viewed_at timestamp without time zone,
    total_time_seconds integer,
    answer_count integer,
    first_answered_at timestamp without time zone,
    last_answered_at timestamp without time zone,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.questions (
    id integer NOT NULL,
    question_bank_id integer NOT NULL,
    question_text text NOT NULL,
    question_type public.questiontype NOT NULL,
    options json,
    correct_answer json NOT NULL,
    explanation text,
    difficulty public.difficultylevel NOT NULL,
    marks double precision NOT NULL,
    negative_marks double precision NOT NULL,
    tags json,
    is_active boolean NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.roles (
    id integer NOT NULL,
    name character varying(50) NOT NULL,
    description character varying(255),
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.rubric_criteria (
    id integer NOT NULL,
    rubric_id integer NOT NULL,
    name character varying(200) NOT NULL,
    description text,
    "order" integer,
    max_points double precision NOT NULL,
    weight double precision,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.rubric_levels (
    id integer NOT NULL,
    criterion_id integer NOT NULL,
    name character varying(100) NOT NULL,
    description text,
    points double precision NOT NULL,
    "order" integer,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.rubrics (
    id integer NOT NULL,
    title character varying(200) NOT NULL,
    description text,
    rubric_type public.rubrictype NOT NULL,
    scoring_method public.scoringmethod NOT NULL,
    max_score double precision NOT NULL,
    created_by integer NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.student_answers (
    id integer NOT NULL,
    attempt_id integer NOT NULL,
    question_id integer NOT NULL,
    answer json,
    is_flagged boolean NOT NULL,
    time_spent_seconds integer NOT NULL,
    answer_sequence integer NOT NULL,
    is_correct boolean,
    marks_awarded double precision,
    auto_graded boolean NOT NULL,
    first_answered_at timestamp with time zone,
    last_updated_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL
);


CREATE TABLE public.student_attempts (
    id integer NOT NULL,
    student_id integer NOT NULL,
    exam_id integer NOT NULL,
    status public.attemptstatus NOT NULL,
    start_time timestamp with time zone,
    end_time timestamp with time zone,
    submit_time timestamp with time zone,
    duration_minutes integer NOT NULL,
    time_remaining_seconds integer,
    last_activity_time timestamp with time zone,
    workstation_id character varying(100),
    initial_workstation_id character varying(100),
    transfer_count integer NOT NULL,
    current_question_id integer,
    questions_answered integer NOT NULL,
    questions_flagged json,
    total_marks double precision NOT NULL,
    marks_obtained double precision,
    percentage double precision,
    is_passed boolean,
    auto_graded boolean NOT NULL,
    graded_by integer,
    graded_at timestamp with time zone,
    browser_info json,
    ip_address character varying(45),
    notes text,
    encryption_salt text,
    encrypted_final_answers text,
    encryption_timestamp text,
    encryption_checksum text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


CREATE TABLE public.trades (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    code character varying(50) NOT NULL,
    description text,
    is_active boolean NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);


CREATE TABLE public.transfers (
    id integer NOT NULL,
    attempt_id integer NOT NULL,
    from_workstation character varying(100) NOT NULL,
    to_workstation character varying(100) NOT NULL,
    requested_by_id integer NOT NULL,
    approved_by_id integer,
    status public.transferstatus NOT NULL,
    reason text NOT NULL,
    migration_checksum character varying(64),
    answers_transferred integer NOT NULL,
    error_message text,
    created_at timestamp without time zone NOT NULL,
    approved_at timestamp without time zone,
    rejected_at timestamp without time zone,
    completed_at timestamp without time zone
);


CREATE TABLE public.user_roles (
    user_id integer NOT NULL,
    role_id integer NOT NULL
);


CREATE TABLE public.users (
    id integer NOT NULL,
    email character varying(255) NOT NULL,
    username character varying(100) NOT NULL,
    hashed_password character varying(255) NOT NULL,
    full_name character varying(255) NOT NULL,
    hall_ticket_number character varying(50),
    date_of_birth timestamp without time zone,
    security_question character varying(500),
    security_answer_hash character varying(255),
    trade_id integer,
    is_active boolean NOT NULL,
    is_verified boolean NOT NULL,
    center_id integer,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    last_login timestamp without time zone
);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.alembic_version (version_num) FROM stdin;
9f1c2d3e4b5a
\.


--
-- Data for Name: audit_logs; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.audit_logs (id, event_type, event_category, user_id, username, attempt_id, exam_id, transfer_id, description, details, ip_address, user_agent, success, error_message, created_at) FROM stdin;
1	login_success	auth	2	river01	\N	\N	\N	Student logged in	{"via": "hall ticket"}	10.0.0.7	\N	1	\N	2025-03-01 08:00:00.5
2	login_failed	auth	\N	river02	\N	\N	\N	Wrong answer	\N	10.0.0.8	\N	0	Incorrect security answer	2025-03-01 08:00:00.5
\.


--
-- Data for Name: centers; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.centers (id, name, code, address, city, state, district, pincode, is_active, created_at, updated_at) FROM stdin;
1	Harbour Training Centre	HB001	Pier 3\nBuilding B	Port Vale	North Shore	Vale	00017	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	Café École Technique	HB002	\N	Port Vale	North Shore	Vale	\N	f	2025-03-01 08:00:00.5	2025-03-01 08:00:01.123456
\.


--
-- Data for Name: criterion_scores; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.criterion_scores (id, feedback_id, criterion_id, level_id, points_awarded, comments, created_at, updated_at) FROM stdin;
1	1	1	2	2	Two steps	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: exam_questions; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.exam_questions (id, exam_id, question_id, order_number, marks_override, created_at) FROM stdin;
1	1	1	1	\N	2025-03-01 08:00:00.5
2	1	2	2	2.5	2025-03-01 08:00:00.5
3	1	3	3	\N	2025-03-01 08:00:00.5
4	1	4	4	\N	2025-03-01 08:00:00.5
5	2	5	1	\N	2025-03-01 08:00:00.5
\.


--
-- Data for Name: exams; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.exams (id, title, description, trade_id, duration_minutes, start_time, end_time, total_marks, passing_marks, total_questions, shuffle_questions, shuffle_options, show_results_immediately, allow_review, status, instructions, created_by, created_at, updated_at) FROM stdin;
1	Boat Engines, Spring Term	Two-stroke and diesel	1	45	2025-03-01 08:00:00	2025-03-31 18:00:00	11.5	5	4	f	f	f	t	PUBLISHED	\n## Before you begin\n\n1. Read slowly\n\tand twice\n	1	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	Knots and Splices	\N	2	20	\N	\N	1	1	1	f	f	t	f	DRAFT	\N	1	2025-03-01 08:00:00.5	2025-03-01 08:00:01.123456
\.


--
-- Data for Name: grading_feedback; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.grading_feedback (id, answer_id, rubric_id, graded_by, comments, total_score, created_at, updated_at) FROM stdin;
1	3	1	1	In part	2	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: proctoring_events; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.proctoring_events (id, attempt_id, event_type, event_timestamp, question_id, event_data, user_agent, ip_address, severity, created_at) FROM stdin;
1	2	tab_switch	2025-03-02 09:15:00.25	1	{"action": "hidden"}	Browser/1.0 (\\test)	10.0.0.8	WARNING	2025-03-02 09:15:00.4
2	2	fullscreen_exit	2025-03-02 09:16:00	\N	\N	\N	\N	violation	2025-03-02 09:16:00.1
3	2	window_focus	2025-03-02 09:17:00	\N	\N	\N	\N	\N	2025-03-02 09:17:00.1
\.


--
-- Data for Name: question_banks; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.question_banks (id, name, description, trade_id, is_active, created_at, updated_at) FROM stdin;
1	Engines	Everything that burns diesel	1	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	Ropes	\N	2	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: question_rubrics; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.question_rubrics (id, question_id, rubric_id, is_required, created_at, updated_at) FROM stdin;
1	4	1	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: question_timings; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.question_timings (id, attempt_id, question_id, first_viewed_at, last_viewed_at, total_time_seconds, answer_count, first_answered_at, last_answered_at, created_at, updated_at) FROM stdin;
1	2	1	2025-03-02 09:00:00	2025-03-02 09:05:00	40	1	2025-03-02 09:04:00	2025-03-02 09:04:00	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	2	1	2025-03-02 09:10:00	2025-03-02 09:12:00	15	1	2025-03-02 09:11:00	2025-03-02 09:11:00	2025-03-01 08:00:00.5	2025-03-01 08:00:01.123456
3	2	2	\N	\N	\N	\N	\N	\N	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: questions; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.questions (id, question_bank_id, question_text, question_type, options, correct_answer, explanation, difficulty, marks, negative_marks, tags, is_active, created_at, updated_at) FROM stdin;
1	1	What cools an outboard engine?	MULTIPLE_CHOICE	{"A": "Air only", "B": "Water that it pumps itself", "C": "Oil"}	["B"]	A thin jet at the back shows that it flows.	EASY	4	1	["cooling"]	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	1	Which belong to a daily check?	MULTIPLE_CHOICE	{"A": "Oil level", "B": "Belt", "C": "Paint \\"gloss\\""}	["A", "B"]	\N	MEDIUM	2	-0.5	\N	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
3	1	A diesel engine has spark plugs.	TRUE_FALSE	\N	["false"]	\N	EASY	1	0	\N	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
4	1	Describe bleeding a fuel line.\nPath on the school's disk: C:\\notes\\bleed.txt	ESSAY	\N	["by hand"]	\N	HARD	4	0	\N	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
5	2	Name a knot that can be untied under load.	SHORT_ANSWER	\N	["slipped hitch"]	\N	MEDIUM	1	0	\N	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
6	1	What cools an outboard engine?	MULTIPLE_CHOICE	{"A": "Air only", "B": "Water that it pumps itself", "C": "Oil"}	["B"]	\N	EASY	4	1	\N	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: roles; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.roles (id, name, description, created_at, updated_at) FROM stdin;
1	admin	May do everything	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	hall_in_charge	Leads a hall	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
3	hall_auth	Checks papers	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
4	technician	Repairs	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
5	student	Sits exams	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: rubric_criteria; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.rubric_criteria (id, rubric_id, name, description, "order", max_points, weight, created_at, updated_at) FROM stdin;
1	1	Steps	In the right order	1	3	\N	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	1	Safety	\N	\N	2	0.5	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: rubric_levels; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.rubric_levels (id, criterion_id, name, description, points, "order", created_at, updated_at) FROM stdin;
1	1	Complete	\N	4	1	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	1	In part	Half of the steps	2	2	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
3	2	Wears goggles	\N	2	\N	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: rubrics; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.rubrics (id, title, description, rubric_type, scoring_method, max_score, created_by, is_active, created_at, updated_at) FROM stdin;
1	Bleeding a fuel line	\N	ANALYTICAL	POINTS	4	1	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: student_answers; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.student_answers (id, attempt_id, question_id, answer, is_flagged, time_spent_seconds, answer_sequence, is_correct, marks_awarded, auto_graded, first_answered_at, last_updated_at, created_at) FROM stdin;
1	2	1	"Air only"	f	20	1	\N	\N	f	2025-03-02 14:35:00+05:30	2025-03-02 14:35:00+05:30	2025-03-02 14:35:00+05:30
2	2	1	"Water that it pumps itself"	t	35	2	t	4	t	2025-03-02 14:35:00+05:30	2025-03-02 09:11:00.75+00	2025-03-02 09:11:00.75+00
3	2	3	false	f	5	3	t	1	t	2025-03-02 09:12:00+00	2025-03-02 09:12:00+00	2025-03-02 09:12:00+00
\.


--
-- Data for Name: student_attempts; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.student_attempts (id, student_id, exam_id, status, start_time, end_time, submit_time, duration_minutes, time_remaining_seconds, last_activity_time, workstation_id, initial_workstation_id, transfer_count, current_question_id, questions_answered, questions_flagged, total_marks, marks_obtained, percentage, is_passed, auto_graded, graded_by, graded_at, browser_info, ip_address, notes, encryption_salt, encrypted_final_answers, encryption_timestamp, encryption_checksum, created_at, updated_at) FROM stdin;
1	2	1	NOT_STARTED	\N	\N	\N	45	\N	\N	\N	\N	0	\N	0	[]	0	\N	\N	\N	f	\N	\N	\N	\N	\N	\N	\N	\N	\N	2025-03-01 08:00:00.5+00	2025-03-01 08:00:00.5+00
2	3	1	GRADED	2025-03-02 14:30:00+05:30	2025-03-02 09:20:00+00	2025-03-02 09:20:00+00	45	0	2025-03-02 09:20:00+00	PC-07	PC-07	0	3	2	[1]	11.5	5	43.48	t	t	\N	2025-03-02 09:20:00.2+00	{"name": "Browser"}	10.0.0.8	Arrived late;\tlet in by the hall	\N	\N	\N	\N	2025-03-01 08:00:00.5+00	2025-03-01 08:00:01.123456+00
\.


--
-- Data for Name: trades; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.trades (id, name, code, description, is_active, created_at, updated_at) FROM stdin;
1	Boat Mechanic	BOAT	\N	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
2	Rigger	RIG	Ropes, wires, masts	t	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5
\.


--
-- Data for Name: transfers; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.transfers (id, attempt_id, from_workstation, to_workstation, requested_by_id, approved_by_id, status, reason, migration_checksum, answers_transferred, error_message, created_at, approved_at, rejected_at, completed_at) FROM stdin;
1	2	PC-07	PC-09	3	\N	PENDING	The screen of this machine flickers	\N	0	\N	2025-03-01 08:00:00.5	\N	\N	\N
\.


--
-- Data for Name: user_roles; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.user_roles (user_id, role_id) FROM stdin;
2	5
3	5
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: exam_user
--

COPY public.users (id, email, username, hashed_password, full_name, hall_ticket_number, date_of_birth, security_question, security_answer_hash, trade_id, is_active, is_verified, center_id, created_at, updated_at, last_login) FROM stdin;
1	office@harbour.example	admin	$2b$04$1CDnDAl05mjeNk.Wrontwujm5Y8EIX9IeTNyMWq4PeIzlwC0Thql.	Harbour Office	\N	\N	\N	\N	\N	t	t	\N	2025-03-01 08:00:00.5	2025-03-01 08:00:00.5	\N
2	river01@harbour.example	river01	$2b$04$lZAuQNEnPbznQEMBfBF6kOjJ7R8fLVW2iVurHnolAWXjIqmwbhaiq	Nadia Brook	HB20250001	2004-02-29 00:00:00	Where did you learn to swim?	$2b$04$K8hujakgTlXwEazn5trWFOvxsfkDSzz.EJhf7yqti1L.AV94hd.Wa	1	t	f	1	2025-03-01 08:00:00.5	2025-03-01 08:00:01.123456	\N
3	river02@harbour.example	river02	$2b$04$lZAuQNEnPbznQEMBfBF6kOjJ7R8fLVW2iVurHnolAWXjIqmwbhaiq	Søren "Bo" Dahl	HB20250002	2003-12-31 00:00:00	Where is your grandmother's house?	$2b$04$.LlcbaO3w3IEUyIVWPrAEO7Tua/Is4gN9Fl2JlOdT3dv/yRnI5y9C	1	t	f	2	2025-03-01 08:00:00.5	2025-03-01 08:00:01.123456	2025-03-02 08:59:00
\.


SELECT pg_catalog.setval('public.users_id_seq', 3, true);

SELECT pg_catalog.setval('public.exams_id_seq', 2, true);

SELECT pg_catalog.setval('public.questions_id_seq', 6, true);

SELECT pg_catalog.setval('public.student_attempts_id_seq', 2, true);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

--
-- PostgreSQL database dump complete
--
