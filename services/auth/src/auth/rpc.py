"""The gRPC edge of auth: who users are, what they are assigned to, which logins have ended."""

from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from oep.auth.v1 import auth_pb2, auth_pb2_grpc

from auth.accounts import Account, Revocation
from auth.assigning import Assigning
from auth.errors import NoSearch, TooManyUsersAsked
from auth.sign_in import SignIn

MOST_USERS = 1_000
MOST_SEARCHED = 20_000
LONGEST = 100


class AuthServicer(auth_pb2_grpc.AuthServiceServicer):
    """Translates between messages and deeds."""

    def __init__(self, sign_in: SignIn, assigning: Assigning) -> None:
        self._sign_in = sign_in
        self._assigning = assigning

    async def GetUsers(  # noqa: N802  # the name in the treaty
        self, request: auth_pb2.GetUsersRequest, context: Any
    ) -> auth_pb2.GetUsersResponse:
        del context
        if len(request.user_ids) > MOST_USERS:
            raise TooManyUsersAsked
        people = await self._sign_in.people(list(request.user_ids))
        return auth_pb2.GetUsersResponse(users=[_user(account) for account in people])

    async def FindUsers(  # noqa: N802  # the name in the treaty
        self, request: auth_pb2.FindUsersRequest, context: Any
    ) -> auth_pb2.FindUsersResponse:
        del context
        part = request.called
        if len(request.user_ids) > MOST_SEARCHED or not 0 < len(part) <= LONGEST or "\0" in part:
            raise NoSearch
        found = await self._sign_in.called(list(request.user_ids), part)
        return auth_pb2.FindUsersResponse(user_ids=found)

    async def GetAddresses(  # noqa: N802  # the name in the treaty
        self, request: auth_pb2.GetAddressesRequest, context: Any
    ) -> auth_pb2.GetAddressesResponse:
        del context
        if len(request.user_ids) > MOST_USERS:
            raise TooManyUsersAsked
        people = await self._sign_in.people(list(request.user_ids))
        found = [auth_pb2.Address(user_id=p.id, email=p.email) for p in people if p.is_active]
        return auth_pb2.GetAddressesResponse(addresses=found)

    async def ListRevocations(  # noqa: N802  # the name in the treaty
        self, request: auth_pb2.ListRevocationsRequest, context: Any
    ) -> auth_pb2.ListRevocationsResponse:
        del request, context
        found = await self._sign_in.revocations()
        return auth_pb2.ListRevocationsResponse(revocations=[_revocation(r) for r in found])

    async def ListAssignments(  # noqa: N802  # the name in the treaty
        self, request: auth_pb2.ListAssignmentsRequest, context: Any
    ) -> auth_pb2.ListAssignmentsResponse:
        del context
        found = await self._assigning.of_user(request.user_id)
        return auth_pb2.ListAssignmentsResponse(
            assignments=[auth_pb2.Assignment(exam_id=a.exam_id, role=a.role) for a in found]
        )

    def register(self, server: grpc.aio.Server) -> None:
        auth_pb2_grpc.add_AuthServiceServicer_to_server(self, server)


def _user(account: Account) -> auth_pb2.User:
    return auth_pb2.User(
        user_id=account.id,
        username=account.username,
        full_name=account.full_name,
        is_active=account.is_active,
        roles=account.role_names,
        center_id=account.center.id if account.center else None,
        hall_ticket_number=account.hall_ticket_number,
        trade_id=account.trade.id if account.trade else None,
        center_name=account.center.name if account.center else None,
    )


def _revocation(revocation: Revocation) -> auth_pb2.Revocation:
    revoked_at, forget_at = Timestamp(), Timestamp()
    revoked_at.FromDatetime(revocation.revoked_at)
    forget_at.FromDatetime(revocation.forget_at)
    login_id = str(revocation.login_id) if revocation.login_id else None
    return auth_pb2.Revocation(
        login_id=login_id,
        user_id=revocation.user_id,
        revoked_at=revoked_at,
        forget_at=forget_at,
        login_user_id=revocation.login_user_id,
    )
