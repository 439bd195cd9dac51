import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_INFO: _ClassVar[Severity]
    SEVERITY_WARNING: _ClassVar[Severity]
    SEVERITY_VIOLATION: _ClassVar[Severity]
SEVERITY_UNSPECIFIED: Severity
SEVERITY_INFO: Severity
SEVERITY_WARNING: Severity
SEVERITY_VIOLATION: Severity

class GetBoardRequest(_message.Message):
    __slots__ = ("exam_id", "without_tallies")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_TALLIES_FIELD_NUMBER: _ClassVar[int]
    exam_id: int
    without_tallies: bool
    def __init__(self, exam_id: _Optional[int] = ..., without_tallies: _Optional[bool] = ...) -> None: ...

class GetBoardResponse(_message.Message):
    __slots__ = ("as_of", "tallies", "attention", "risks")
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    TALLIES_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_FIELD_NUMBER: _ClassVar[int]
    RISKS_FIELD_NUMBER: _ClassVar[int]
    as_of: _timestamp_pb2.Timestamp
    tallies: _containers.RepeatedCompositeFieldContainer[Tally]
    attention: _containers.RepeatedCompositeFieldContainer[Attention]
    risks: _containers.RepeatedCompositeFieldContainer[Risk]
    def __init__(self, as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tallies: _Optional[_Iterable[_Union[Tally, _Mapping]]] = ..., attention: _Optional[_Iterable[_Union[Attention, _Mapping]]] = ..., risks: _Optional[_Iterable[_Union[Risk, _Mapping]]] = ...) -> None: ...

class Risk(_message.Message):
    __slots__ = ("attempt_id", "score")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    score: int
    def __init__(self, attempt_id: _Optional[int] = ..., score: _Optional[int] = ...) -> None: ...

class Attention(_message.Message):
    __slots__ = ("attempt_id", "claimed_by_id", "claimed_by", "claimed_at", "hand_raised_at", "live_action_count", "unread_message_count")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_BY_ID_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_BY_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_AT_FIELD_NUMBER: _ClassVar[int]
    HAND_RAISED_AT_FIELD_NUMBER: _ClassVar[int]
    LIVE_ACTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNREAD_MESSAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    claimed_by_id: int
    claimed_by: str
    claimed_at: _timestamp_pb2.Timestamp
    hand_raised_at: _timestamp_pb2.Timestamp
    live_action_count: int
    unread_message_count: int
    def __init__(self, attempt_id: _Optional[int] = ..., claimed_by_id: _Optional[int] = ..., claimed_by: _Optional[str] = ..., claimed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hand_raised_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., live_action_count: _Optional[int] = ..., unread_message_count: _Optional[int] = ...) -> None: ...

class Tally(_message.Message):
    __slots__ = ("attempt_id", "info_count", "warning_count", "violation_count", "last_event")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    INFO_COUNT_FIELD_NUMBER: _ClassVar[int]
    WARNING_COUNT_FIELD_NUMBER: _ClassVar[int]
    VIOLATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_FIELD_NUMBER: _ClassVar[int]
    attempt_id: int
    info_count: int
    warning_count: int
    violation_count: int
    last_event: LastEvent
    def __init__(self, attempt_id: _Optional[int] = ..., info_count: _Optional[int] = ..., warning_count: _Optional[int] = ..., violation_count: _Optional[int] = ..., last_event: _Optional[_Union[LastEvent, _Mapping]] = ...) -> None: ...

class LastEvent(_message.Message):
    __slots__ = ("event_type", "severity", "received_at", "late")
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    event_type: str
    severity: Severity
    received_at: _timestamp_pb2.Timestamp
    late: bool
    def __init__(self, event_type: _Optional[str] = ..., severity: _Optional[_Union[Severity, str]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., late: _Optional[bool] = ...) -> None: ...
