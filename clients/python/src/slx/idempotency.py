"""What the protos say of methods: whether one may be called again."""

from enum import Enum, auto

from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message


class Idempotency(Enum):
    """What calling a method twice does."""

    #: It changes nothing, once or twice.
    READS = auto()
    #: What it changes is the same, once or twice.
    WRITES = auto()
    #: Each call does something.
    NONE = auto()


_LEVELS = {
    MethodOptions.NO_SIDE_EFFECTS: Idempotency.READS,
    MethodOptions.IDEMPOTENT: Idempotency.WRITES,
}


def of_request(request: Message) -> Idempotency:
    """That of the method which takes this request: no other does."""
    for service in request.DESCRIPTOR.file.services_by_name.values():
        for method in service.methods:
            if method.input_type is request.DESCRIPTOR:
                level = method.GetOptions().idempotency_level
                return _LEVELS.get(level, Idempotency.NONE)
    return Idempotency.NONE
