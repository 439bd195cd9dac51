"""What differs between QTI 2.1 and QTI 3: namespaces, and how the same words are spelled.

Inside, every element and attribute has its name of QTI 2.1 (`choiceInteraction`, `maxChoices`);
QTI 3 says `qti-choice-interaction` and `max-choices`. HTML has the same names in both.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class QtiVersion(StrEnum):
    QTI_3 = "qti3"
    QTI_21 = "qti21"


@dataclass(frozen=True)
class Dialect:
    """How one version of QTI is written."""

    namespace: str
    schema: str
    manifest_namespace: str
    manifest_schema: str
    package: str
    package_version: str
    item_type: str
    test_type: str
    is_prefixed: bool

    def element(self, name: str) -> str:
        return f"qti-{_with_hyphens(name)}" if self.is_prefixed else name

    def attribute(self, name: str) -> str:
        return _with_hyphens(name) if self.is_prefixed else name


DIALECTS = {
    QtiVersion.QTI_21: Dialect(
        namespace="http://www.imsglobal.org/xsd/imsqti_v2p1",
        schema="http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1p2.xsd",
        manifest_namespace="http://www.imsglobal.org/xsd/imscp_v1p1",
        manifest_schema="http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd",
        package="QTIv2.1 Package",
        package_version="1.0.0",
        item_type="imsqti_item_xmlv2p1",
        test_type="imsqti_test_xmlv2p1",
        is_prefixed=False,
    ),
    QtiVersion.QTI_3: Dialect(
        namespace="http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
        schema="https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0p1_v1p0.xsd",
        manifest_namespace="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
        manifest_schema="https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/"
        "imsqtiv3p0_imscpv1p2_v1p0.xsd",
        package="QTI Package",
        package_version="3.0.1",
        item_type="imsqti_item_xmlv3p0",
        test_type="imsqti_test_xmlv3p0",
        is_prefixed=True,
    ),
}
NAMESPACES = frozenset(dialect.namespace for dialect in DIALECTS.values())
ITEM_TYPES = frozenset(dialect.item_type for dialect in DIALECTS.values())


def plain_element(name: str) -> str:
    """Return the name of QTI 2.1 for an element of either version."""
    return _without_hyphens(name.removeprefix("qti-")) if name.startswith("qti-") else name


def plain_attribute(name: str) -> str:
    """Return the name of QTI 2.1 for an attribute of either version."""
    return name if name.startswith(("data-", "aria-")) else _without_hyphens(name)


def _with_hyphens(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"-{found[0].lower()}", name)


def _without_hyphens(name: str) -> str:
    return re.sub(r"-([a-z])", lambda found: found[1].upper(), name)
