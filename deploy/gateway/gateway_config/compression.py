"""What is sent packed: what is the same for everybody, or holds nothing that a stranger may guess.

The length of a packed answer tells how much of a guess it repeats. So an answer is packed only
where no secret stands beside what the asker sent himself: never where tokens, tickets or receipts
are (auth, attempts, transfers), nor where people's words are beside the asker's (proctoring).
"""

from gateway_config.shapes import Json, any_of, type_of, typed

# In the order of preference; the last is the one that asks the service for plain text.
METHODS: dict[str, tuple[str, str, str, Json]] = {
    "br": ("oep.pack.br", "brotli.compressor", "Brotli", {"quality": 4}),
    "gzip": (
        "oep.pack.gzip",
        "gzip.compressor",
        "Gzip",
        {"compression_level": "COMPRESSION_LEVEL_5"},
    ),
}
TEXTS = (
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "image/svg+xml",
)
FROM_BYTES = 1_024


def packers() -> list[Json]:
    """Return the filters, which do nothing but where a route says so."""
    last = list(METHODS)[-1]
    return [_packer(coding, takes_all=coding == last) for coding in METHODS]


def packed() -> Json:
    """Return what a route says to have its answers packed."""
    on = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}
    return {name: on for name, *_ in METHODS.values()}


def _packer(coding: str, *, takes_all: bool) -> Json:
    name, package, message, options = METHODS[coding]
    library = {"@type": f"{type_of(f'compression.{package}')}.{message}", **options}
    texts = {"safe_regex": {"regex": f"({any_of(TEXTS)})( *;.*)?"}}
    common = {"min_content_length": FROM_BYTES, "content_type_matcher": texts}
    config = {
        "@type": f"{type_of('filters.http.compressor')}.Compressor",
        "response_direction_config": {
            "common_config": common,
            "remove_accept_encoding_header": takes_all,
        },
        "choose_first": coding == "br",
        "compressor_library": typed(name, library),
    }
    return typed(name, config) | {"disabled": True}
