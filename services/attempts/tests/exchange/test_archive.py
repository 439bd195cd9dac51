"""A zip and an XML file that want to do harm."""

import io
import secrets
import stat
import zipfile

import pytest
from attempts.exchange import archive, package, tree
from attempts.exchange.archive import Archive, Unpackable
from attempts.exchange.package import Flawed


def entry(name: str, **changed) -> bytes:
    """Return a zip with one file whose entry says something else of it."""
    packed = io.BytesIO()
    info = zipfile.ZipInfo(name)
    for field, value in changed.items():
        setattr(info, field, value)
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr(info, b"x")
    return packed.getvalue()


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/x", "C:/x", "a/..", "..", "a\\..\\x", "//host/x"]
)
def test_no_name_leads_out_of_the_package(name):
    with pytest.raises(Unpackable, match="leads out"):
        Archive(entry(name))


def test_a_link_is_refused():
    link = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(Unpackable, match="is a link"):
        Archive(entry("x", create_system=3, external_attr=link))


def test_a_name_is_there_once(pack):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("x", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("x", "2")
    with pytest.raises(Unpackable, match="twice"):
        Archive(packed.getvalue())


def test_an_encrypted_file_is_refused(pack):
    content = bytearray(pack({"x": "1"}))
    content[content.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(Unpackable, match="encrypted"):
        Archive(bytes(content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_deflated_and_stored_files_are_read(pack, method):
    with pytest.raises(Unpackable, match="in a way that is not read"):
        Archive(pack({"x": "1"}, method))


def test_a_bomb_is_not_unpacked(pack):
    with pytest.raises(Unpackable, match="less than 1/200"):
        Archive(pack({"x": bytes(10_000_000)}))


def test_what_is_unpacked_has_a_limit(pack):
    files = {f"{n}": bytes([n]) * 60_000 for n in range(200)}
    packed = pack(files)
    assert Archive(packed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "MAX_UNPACKED_BYTES", 200 * 60_000 - 1)
        with pytest.raises(Unpackable, match="unpacks to more"):
            Archive(packed)


def test_the_number_of_files_has_a_limit(pack):
    with pytest.raises(Unpackable, match="more than 3000 files"):
        Archive(pack({f"{n}": "" for n in range(3_001)}))


def test_a_package_has_at_most_8_mib():
    with pytest.raises(Unpackable, match="8 MiB"):
        Archive(bytes(archive.MAX_BYTES + 1))


def test_a_file_yields_no_more_than_its_entry_says(pack):
    """An entry that lies about the size of its file is damaged, not long."""
    content = bytearray(pack({"x": b"a" * 1000}))
    for sign, place in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        at = content.index(sign) + place
        content[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(Unpackable, match="damaged"):
        Archive(bytes(content)).read("x", 100)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\5\6" + bytes(17)])
def test_what_is_no_zip_is_refused(content):
    with pytest.raises(Unpackable, match="no zip"):
        Archive(content)


def test_a_damaged_file_is_a_flaw_of_the_package(alone):
    content = bytearray(alone())
    at = content.index(b"i.xml") + 5
    content[at : at + 8] = bytes(8)
    with pytest.raises(Flawed, match=r"i\.xml, r: is damaged"):
        package.read(bytes(content))


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
        "<!DOCTYPE a><a/>",
        "<a>&nbsp;</a>",
        "<a>",
        "",
        '<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_xml_has_no_document_type_and_no_entities(xml):
    with pytest.raises(tree.Unreadable):
        tree.read(xml.encode())


def test_xml_is_not_deeper_than_people_write_it():
    assert tree.read(b"<a>" * 60 + b"</a>" * 60).name == "a"
    for depth in (61, 100_000):
        with pytest.raises(tree.Unreadable, match=r"(has|nests) more than"):
            tree.read(b"<a>" * depth + b"</a>" * depth)


def test_the_number_of_elements_has_a_limit(alone, xml, monkeypatch):
    assert tree.read(b"<a>" + b"<b/>" * 49_999 + b"</a>").size == 50_000
    with pytest.raises(tree.Unreadable, match="more than 50000 elements"):
        tree.read(b"<a>" + b"<b/>" * 50_000 + b"</a>")
    monkeypatch.setattr(package, "MAX_ELEMENTS", 100)
    files = {f"{n}.xml": xml(more="<b/>" * 30) for n in range(3)}
    listed = "".join(f'<resource type="imsqti_item_xmlv3p0" href="{name}"/>' for name in files)
    files["imsmanifest.xml"] = f"<manifest><resources>{listed}</resources></manifest>"
    with pytest.raises(Flawed, match=r"2\.xml: the package has more than 100 elements"):
        package.read(alone(files=files))


def test_an_xml_file_has_at_most_1_mib(alone, xml):
    with pytest.raises(Flawed, match=r"i\.xml, r: is larger than 1024 KiB"):
        package.read(alone(xml(more=f"<!-- {secrets.token_hex(600_000)} -->")))


def test_utf_16_is_xml_too(alone, xml):
    made = ('<?xml version="1.0" encoding="UTF-16"?>' + xml()).encode("utf-16")
    assert len(package.read(alone(files={"i.xml": made})).drafts) == 1
