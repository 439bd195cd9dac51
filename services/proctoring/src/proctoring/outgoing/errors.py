"""What can go wrong with webhooks, in words that say what to do."""

from chassis.errors import Conflict, Invalid, NotFound


class EndpointNotFound(NotFound):
    slug = "endpoint-not-found"
    detail = "There is no such webhook endpoint"


class DeliveryNotFound(NotFound):
    slug = "delivery-not-found"
    detail = "There is no such delivery to this endpoint"


class DeliveryErased(Conflict):
    slug = "delivery-erased"
    detail = "What this delivery said was erased; it cannot be sent again"


class TooManyEndpoints(Conflict):
    slug = "too-many-endpoints"
    detail = "There are as many webhook endpoints as there may be; remove one first"


class AddressNotAllowed(Invalid):
    slug = "address-not-allowed"
