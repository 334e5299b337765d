"""The names of the failures that can be switched on."""

from enum import StrEnum, auto


class Fault(StrEnum):
    """A failure of the API; the comments name what the names do not say."""

    BAD_REQUEST = auto()
    MISSING_PARAMETERS = auto()
    NO_TOKEN = auto()
    TOKEN_REFUSED = auto()
    QUOTA_EXCEEDED = auto()
    CONCURRENCY = auto()
    MAINTENANCE = auto()
    FORBIDDEN = auto()
    ECHO_TOKEN = auto()  # 403 with the token in the message
    NOT_FOUND = auto()
    NO_DATA = auto()
    SERVER_ERROR = auto()
    HTML = auto()  # 200
    CODE_IN_BODY = auto()  # 200 around a refused token
    REDIRECT = auto()
    EMPTY_BODY = auto()
    TRUNCATED_JSON = auto()  # cut in the middle, complete as HTTP
    DEEP = auto()  # 100,000 nested brackets
    BOM = auto()  # still readable
    PHP_WARNING = auto()  # still readable
    NULL_DATA = auto()
    EMPTY_LIST = auto()
    RENAMED_KEY = auto()  # rows without the keys that identify them
    HUGE = auto()  # 300 MB unless the client hangs up
    STALL = auto()  # no answer, until the client gives up or the server closes
    STALL_BODY = auto()  # headers, half of the body, then silence
    RESET = auto()  # TCP RST instead of an answer
    RESET_BODY = auto()  # half of the body, then TCP RST
    GARBAGE = auto()  # not HTTP
