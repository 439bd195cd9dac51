import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AttemptStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTEMPT_STATUS_UNSPECIFIED: _ClassVar[AttemptStatus]
    ATTEMPT_STATUS_NOT_STARTED: _ClassVar[AttemptStatus]
    ATTEMPT_STATUS_IN_PROGRESS: _ClassVar[AttemptStatus]
    ATTEMPT_STATUS_SUBMITTED: _ClassVar[AttemptStatus]
    ATTEMPT_STATUS_GRADED: _ClassVar[AttemptStatus]
    ATTEMPT_STATUS_EXPIRED: _ClassVar[AttemptStatus]
    ATTEMPT_STATUS_CANCELLED: _ClassVar[AttemptStatus]

class DevicePolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_POLICY_UNSPECIFIED: _ClassVar[DevicePolicy]
    DEVICE_POLICY_ALLOW: _ClassVar[DevicePolicy]
    DEVICE_POLICY_FLAG: _ClassVar[DevicePolicy]
    DEVICE_POLICY_REFUSE: _ClassVar[DevicePolicy]

class SaveRefusal(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAVE_REFUSAL_UNSPECIFIED: _ClassVar[SaveRefusal]
    SAVE_REFUSAL_ATTEMPT_NOT_FOUND: _ClassVar[SaveRefusal]
    SAVE_REFUSAL_ATTEMPT_NOT_ACTIVE: _ClassVar[SaveRefusal]
    SAVE_REFUSAL_TIME_EXPIRED: _ClassVar[SaveRefusal]
    SAVE_REFUSAL_INVALID_QUESTION: _ClassVar[SaveRefusal]
    SAVE_REFUSAL_INVALID_ANSWER: _ClassVar[SaveRefusal]
    SAVE_REFUSAL_ATTEMPT_PAUSED: _ClassVar[SaveRefusal]
    SAVE_REFUSAL_OTHER_DEVICE: _ClassVar[SaveRefusal]
ATTEMPT_STATUS_UNSPECIFIED: AttemptStatus
ATTEMPT_STATUS_NOT_STARTED: AttemptStatus
ATTEMPT_STATUS_IN_PROGRESS: AttemptStatus
ATTEMPT_STATUS_SUBMITTED: AttemptStatus
ATTEMPT_STATUS_GRADED: AttemptStatus
ATTEMPT_STATUS_EXPIRED: AttemptStatus
ATTEMPT_STATUS_CANCELLED: AttemptStatus
DEVICE_POLICY_UNSPECIFIED: DevicePolicy
DEVICE_POLICY_ALLOW: DevicePolicy
DEVICE_POLICY_FLAG: DevicePolicy
DEVICE_POLICY_REFUSE: DevicePolicy
SAVE_REFUSAL_UNSPECIFIED: SaveRefusal
SAVE_REFUSAL_ATTEMPT_NOT_FOUND: SaveRefusal
SAVE_REFUSAL_ATTEMPT_NOT_ACTIVE: SaveRefusal
SAVE_REFUSAL_TIME_EXPIRED: SaveRefusal
SAVE_REFUSAL_INVALID_QUESTION: SaveRefusal
SAVE_REFUSAL_INVALID_ANSWER: SaveRefusal
SAVE_REFUSAL_ATTEMPT_PAUSED: SaveRefusal
SAVE_REFUSAL_OTHER_DEVICE: SaveRefusal

class BatchGetAttemptsRequest(_message.Message):
    __slots__ = ("attempt_ids", "include_questions", "only_standings")
    ATTEMPT_IDS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    ONLY_STANDINGS_FIELD_NUMBER: _ClassVar[int]
    attempt_ids: _containers.RepeatedScalarFieldContainer[int]
    include_questions: bool
    only_standings: bool
    def __init__(self, attempt_ids: _Optional[_Iterable[int]] = ..., include_questions: _Optional[bool] = ..., only_standings: _Optional[bool] = ...) -> None: ...

class BatchGetAttemptsResponse(_message.Message):
    __slots__ = ("attempts", "exams", "server_time", "standings")
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    EXAMS_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    STANDINGS_FIELD_NUMBER: _ClassVar[int]
    attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    exams: _containers.RepeatedCompositeFieldContainer[ExamQuestions]
    server_time: _timestamp_pb2.Timestamp
    standings: Standings
    def __init__(self, attempts: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ..., exams: _Optional[_Iterable[_Union[ExamQuestions, _Mapping]]] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., standings: _Optional[_Union[Standings, _Mapping]] = ...) -> None: ...

class Standings(_message.Message):
    __slots__ = ("attempt_ids", "student_ids", "exam_ids", "statuses")
    ATTEMPT_IDS_FIELD_NUMBER: _ClassVar[int]
    STUDENT_IDS_FIELD_NUMBER: _ClassVar[int]
    EXAM_IDS_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    attempt_ids: _containers.RepeatedScalarFieldContainer[int]
    student_ids: _containers.RepeatedScalarFieldContainer[int]
    exam_ids: _containers.RepeatedScalarFieldContainer[int]
    statuses: _containers.RepeatedScalarFieldContainer[AttemptStatus]
    def __init__(self, attempt_ids: _Optional[_Iterable[int]] = ..., student_ids: _Optional[_Iterable[int]] = ..., exam_ids: _Optional[_Iterable[int]] = ..., statuses: _Optional[_Iterable[_Union[AttemptStatus, str]]] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("attempt_id", "student_id", "exam_id", "status", "version", "duration_seconds", "start_time", "deadline_at", "time_remaining_seconds", "paused_at", "is_waiting_for_authorisation", "device_policy", "active_login_id", "submit_time", "last_event_sequence", "requires_safe_browser")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    STUDENT_ID_FIELD_NUMBER: _ClassVar[int]
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_AT_FIELD_NUMBER: _ClassVar[int]
    TIME_REMAINING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_AT_FIELD_NUMBER: _ClassVar[int]
    IS_WAITING_FOR_AUTHORISATION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_POLICY_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_LOGIN_ID_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_SAFE_BROWSER_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    student_id: int
    exam_id: int
    status: AttemptStatus
    version: int
    duration_seconds: int
    start_time: _timestamp_pb2.Timestamp
    deadline_at: _timestamp_pb2.Timestamp
    time_remaining_seconds: int
    paused_at: _timestamp_pb2.Timestamp
    is_waiting_for_authorisation: bool
    device_policy: DevicePolicy
    active_login_id: str
    submit_time: _timestamp_pb2.Timestamp
    last_event_sequence: int
    requires_safe_browser: bool
    def __init__(self, attempt_id: _Optional[int] = ..., student_id: _Optional[int] = ..., exam_id: _Optional[int] = ..., status: _Optional[_Union[AttemptStatus, str]] = ..., version: _Optional[int] = ..., duration_seconds: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deadline_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_remaining_seconds: _Optional[int] = ..., paused_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., is_waiting_for_authorisation: _Optional[bool] = ..., device_policy: _Optional[_Union[DevicePolicy, str]] = ..., active_login_id: _Optional[str] = ..., submit_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_event_sequence: _Optional[int] = ..., requires_safe_browser: _Optional[bool] = ...) -> None: ...

class ExamQuestions(_message.Message):
    __slots__ = ("exam_id", "question_ids")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    QUESTION_IDS_FIELD_NUMBER: _ClassVar[int]
    exam_id: int
    question_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, exam_id: _Optional[int] = ..., question_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class SaveAnswersRequest(_message.Message):
    __slots__ = ("saves",)
    SAVES_FIELD_NUMBER: _ClassVar[int]
    saves: _containers.RepeatedCompositeFieldContainer[AnswerSave]
    def __init__(self, saves: _Optional[_Iterable[_Union[AnswerSave, _Mapping]]] = ...) -> None: ...

class AnswerSave(_message.Message):
    __slots__ = ("attempt_id", "student_id", "question_id", "answer_json", "is_flagged", "time_spent_seconds", "client_sequence", "message_id", "connection_id", "login_id", "traceparent")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    STUDENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWER_JSON_FIELD_NUMBER: _ClassVar[int]
    IS_FLAGGED_FIELD_NUMBER: _ClassVar[int]
    TIME_SPENT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    LOGIN_ID_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    student_id: int
    question_id: int
    answer_json: str
    is_flagged: bool
    time_spent_seconds: int
    client_sequence: int
    message_id: str
    connection_id: str
    login_id: str
    traceparent: str
    def __init__(self, attempt_id: _Optional[int] = ..., student_id: _Optional[int] = ..., question_id: _Optional[int] = ..., answer_json: _Optional[str] = ..., is_flagged: _Optional[bool] = ..., time_spent_seconds: _Optional[int] = ..., client_sequence: _Optional[int] = ..., message_id: _Optional[str] = ..., connection_id: _Optional[str] = ..., login_id: _Optional[str] = ..., traceparent: _Optional[str] = ...) -> None: ...

class SaveAnswersResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[AnswerSaveResult]
    def __init__(self, results: _Optional[_Iterable[_Union[AnswerSaveResult, _Mapping]]] = ...) -> None: ...

class AnswerSaveResult(_message.Message):
    __slots__ = ("saved", "refused")
    SAVED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    saved: AnswerSaved
    refused: SaveRefused
    def __init__(self, saved: _Optional[_Union[AnswerSaved, _Mapping]] = ..., refused: _Optional[_Union[SaveRefused, _Mapping]] = ...) -> None: ...

class AnswerSaved(_message.Message):
    __slots__ = ("saved_at", "time_remaining_seconds", "questions_answered", "revision", "sha256")
    SAVED_AT_FIELD_NUMBER: _ClassVar[int]
    TIME_REMAINING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_ANSWERED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    saved_at: _timestamp_pb2.Timestamp
    time_remaining_seconds: int
    questions_answered: int
    revision: int
    sha256: str
    def __init__(self, saved_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_remaining_seconds: _Optional[int] = ..., questions_answered: _Optional[int] = ..., revision: _Optional[int] = ..., sha256: _Optional[str] = ...) -> None: ...

class SaveRefused(_message.Message):
    __slots__ = ("reason", "status")
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    reason: SaveRefusal
    status: AttemptStatus
    def __init__(self, reason: _Optional[_Union[SaveRefusal, str]] = ..., status: _Optional[_Union[AttemptStatus, str]] = ...) -> None: ...

class SetFlagRequest(_message.Message):
    __slots__ = ("attempt_id", "student_id", "question_id", "is_flagged", "login_id")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    STUDENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    IS_FLAGGED_FIELD_NUMBER: _ClassVar[int]
    LOGIN_ID_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    student_id: int
    question_id: int
    is_flagged: bool
    login_id: str
    def __init__(self, attempt_id: _Optional[int] = ..., student_id: _Optional[int] = ..., question_id: _Optional[int] = ..., is_flagged: _Optional[bool] = ..., login_id: _Optional[str] = ...) -> None: ...

class SetFlagResponse(_message.Message):
    __slots__ = ("refused", "questions_flagged")
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FLAGGED_FIELD_NUMBER: _ClassVar[int]
    refused: SaveRefused
    questions_flagged: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, refused: _Optional[_Union[SaveRefused, _Mapping]] = ..., questions_flagged: _Optional[_Iterable[int]] = ...) -> None: ...

class GetClockRequest(_message.Message):
    __slots__ = ("attempt_ids",)
    ATTEMPT_IDS_FIELD_NUMBER: _ClassVar[int]
    attempt_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, attempt_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class GetClockResponse(_message.Message):
    __slots__ = ("server_time", "clocks")
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    CLOCKS_FIELD_NUMBER: _ClassVar[int]
    server_time: _timestamp_pb2.Timestamp
    clocks: _containers.RepeatedCompositeFieldContainer[AttemptClock]
    def __init__(self, server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., clocks: _Optional[_Iterable[_Union[AttemptClock, _Mapping]]] = ...) -> None: ...

class AttemptClock(_message.Message):
    __slots__ = ("attempt_id", "status", "deadline_at", "time_remaining_seconds", "elapsed_seconds", "paused_at")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_AT_FIELD_NUMBER: _ClassVar[int]
    TIME_REMAINING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_AT_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    status: AttemptStatus
    deadline_at: _timestamp_pb2.Timestamp
    time_remaining_seconds: int
    elapsed_seconds: int
    paused_at: _timestamp_pb2.Timestamp
    def __init__(self, attempt_id: _Optional[int] = ..., status: _Optional[_Union[AttemptStatus, str]] = ..., deadline_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_remaining_seconds: _Optional[int] = ..., elapsed_seconds: _Optional[int] = ..., paused_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetExamRequest(_message.Message):
    __slots__ = ("exam_id",)
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    exam_id: int
    def __init__(self, exam_id: _Optional[int] = ...) -> None: ...

class GetExamResponse(_message.Message):
    __slots__ = ("exam_id", "title", "total_questions", "server_time", "roster")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    ROSTER_FIELD_NUMBER: _ClassVar[int]
    exam_id: int
    title: str
    total_questions: int
    server_time: _timestamp_pb2.Timestamp
    roster: _containers.RepeatedCompositeFieldContainer[RosterEntry]
    def __init__(self, exam_id: _Optional[int] = ..., title: _Optional[str] = ..., total_questions: _Optional[int] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., roster: _Optional[_Iterable[_Union[RosterEntry, _Mapping]]] = ...) -> None: ...

class RosterEntry(_message.Message):
    __slots__ = ("attempt", "student_name", "hall_ticket_number", "workstation_id", "questions_answered", "center")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STUDENT_NAME_FIELD_NUMBER: _ClassVar[int]
    HALL_TICKET_NUMBER_FIELD_NUMBER: _ClassVar[int]
    WORKSTATION_ID_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_ANSWERED_FIELD_NUMBER: _ClassVar[int]
    CENTER_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    student_name: str
    hall_ticket_number: str
    workstation_id: str
    questions_answered: int
    center: str
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., student_name: _Optional[str] = ..., hall_ticket_number: _Optional[str] = ..., workstation_id: _Optional[str] = ..., questions_answered: _Optional[int] = ..., center: _Optional[str] = ...) -> None: ...

class ActOnAttemptsRequest(_message.Message):
    __slots__ = ("attempt_ids", "actor_id", "reason", "ip_address", "user_agent", "pause", "unpause", "extend", "authorise", "cancel", "release_device", "action_id", "is_question")
    ATTEMPT_IDS_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    UNPAUSE_FIELD_NUMBER: _ClassVar[int]
    EXTEND_FIELD_NUMBER: _ClassVar[int]
    AUTHORISE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_DEVICE_FIELD_NUMBER: _ClassVar[int]
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    IS_QUESTION_FIELD_NUMBER: _ClassVar[int]
    attempt_ids: _containers.RepeatedScalarFieldContainer[int]
    actor_id: int
    reason: str
    ip_address: str
    user_agent: str
    pause: Pause
    unpause: Unpause
    extend: Extend
    authorise: Authorise
    cancel: Cancel
    release_device: ReleaseDevice
    action_id: str
    is_question: bool
    def __init__(self, attempt_ids: _Optional[_Iterable[int]] = ..., actor_id: _Optional[int] = ..., reason: _Optional[str] = ..., ip_address: _Optional[str] = ..., user_agent: _Optional[str] = ..., pause: _Optional[_Union[Pause, _Mapping]] = ..., unpause: _Optional[_Union[Unpause, _Mapping]] = ..., extend: _Optional[_Union[Extend, _Mapping]] = ..., authorise: _Optional[_Union[Authorise, _Mapping]] = ..., cancel: _Optional[_Union[Cancel, _Mapping]] = ..., release_device: _Optional[_Union[ReleaseDevice, _Mapping]] = ..., action_id: _Optional[str] = ..., is_question: _Optional[bool] = ...) -> None: ...

class Pause(_message.Message):
    __slots__ = ("max_seconds",)
    MAX_SECONDS_FIELD_NUMBER: _ClassVar[int]
    max_seconds: int
    def __init__(self, max_seconds: _Optional[int] = ...) -> None: ...

class Unpause(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Extend(_message.Message):
    __slots__ = ("seconds",)
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    seconds: int
    def __init__(self, seconds: _Optional[int] = ...) -> None: ...

class Authorise(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Cancel(_message.Message):
    __slots__ = ("reason_code",)
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    reason_code: str
    def __init__(self, reason_code: _Optional[str] = ...) -> None: ...

class ReleaseDevice(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ActOnAttemptsResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ActionResult]
    def __init__(self, results: _Optional[_Iterable[_Union[ActionResult, _Mapping]]] = ...) -> None: ...

class ActionResult(_message.Message):
    __slots__ = ("attempt_id", "done", "refused")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    done: Attempt
    refused: ActionRefused
    def __init__(self, attempt_id: _Optional[int] = ..., done: _Optional[_Union[Attempt, _Mapping]] = ..., refused: _Optional[_Union[ActionRefused, _Mapping]] = ...) -> None: ...

class ActionRefused(_message.Message):
    __slots__ = ("slug", "detail", "by_id")
    SLUG_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    BY_ID_FIELD_NUMBER: _ClassVar[int]
    slug: str
    detail: str
    by_id: int
    def __init__(self, slug: _Optional[str] = ..., detail: _Optional[str] = ..., by_id: _Optional[int] = ...) -> None: ...

class AdmitDeviceRequest(_message.Message):
    __slots__ = ("attempt_id", "student_id", "login_id", "ip_address", "user_agent")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    STUDENT_ID_FIELD_NUMBER: _ClassVar[int]
    LOGIN_ID_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    student_id: int
    login_id: str
    ip_address: str
    user_agent: str
    def __init__(self, attempt_id: _Optional[int] = ..., student_id: _Optional[int] = ..., login_id: _Optional[str] = ..., ip_address: _Optional[str] = ..., user_agent: _Optional[str] = ...) -> None: ...

class AdmitDeviceResponse(_message.Message):
    __slots__ = ("is_admitted", "lacks_safe_browser")
    IS_ADMITTED_FIELD_NUMBER: _ClassVar[int]
    LACKS_SAFE_BROWSER_FIELD_NUMBER: _ClassVar[int]
    is_admitted: bool
    lacks_safe_browser: bool
    def __init__(self, is_admitted: _Optional[bool] = ..., lacks_safe_browser: _Optional[bool] = ...) -> None: ...

class ListStudentAttemptsRequest(_message.Message):
    __slots__ = ("student_id", "after_attempt_id")
    STUDENT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    student_id: int
    after_attempt_id: int
    def __init__(self, student_id: _Optional[int] = ..., after_attempt_id: _Optional[int] = ...) -> None: ...

class ListStudentAttemptsResponse(_message.Message):
    __slots__ = ("attempts", "has_more")
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    has_more: bool
    def __init__(self, attempts: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ..., has_more: _Optional[bool] = ...) -> None: ...

class ListExamAttemptsRequest(_message.Message):
    __slots__ = ("exam_id", "in_columns")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    IN_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    exam_id: int
    in_columns: bool
    def __init__(self, exam_id: _Optional[int] = ..., in_columns: _Optional[bool] = ...) -> None: ...

class ListExamAttemptsResponse(_message.Message):
    __slots__ = ("attempts", "columns")
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    attempts: _containers.RepeatedCompositeFieldContainer[ExamAttempt]
    columns: Standings
    def __init__(self, attempts: _Optional[_Iterable[_Union[ExamAttempt, _Mapping]]] = ..., columns: _Optional[_Union[Standings, _Mapping]] = ...) -> None: ...

class ExamAttempt(_message.Message):
    __slots__ = ("attempt_id", "student_id", "status")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    STUDENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    student_id: int
    status: AttemptStatus
    def __init__(self, attempt_id: _Optional[int] = ..., student_id: _Optional[int] = ..., status: _Optional[_Union[AttemptStatus, str]] = ...) -> None: ...

class RecordBroadcastRequest(_message.Message):
    __slots__ = ("broadcast_id", "attempt_id", "actor_id", "frame_json", "ip_address", "user_agent", "failure")
    BROADCAST_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    FRAME_JSON_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    broadcast_id: str
    attempt_id: int
    actor_id: int
    frame_json: str
    ip_address: str
    user_agent: str
    failure: str
    def __init__(self, broadcast_id: _Optional[str] = ..., attempt_id: _Optional[int] = ..., actor_id: _Optional[int] = ..., frame_json: _Optional[str] = ..., ip_address: _Optional[str] = ..., user_agent: _Optional[str] = ..., failure: _Optional[str] = ...) -> None: ...

class RecordBroadcastResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
