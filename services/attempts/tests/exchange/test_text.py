"""HTML reduced to text and images; nothing of it is executed, nothing for others leaks into it."""

import secrets

import pytest
from attempts.exchange import package
from attempts.exchange.package import Flawed
from attempts.exchange.picture import MAX_BYTES, NotAPicture, look


@pytest.fixture
def read(alone, essay):
    """Return a function that reads the text of a question from HTML."""

    def text(html: str, **files: bytes) -> str:
        named = {name.replace("_", "."): content for name, content in files.items()}
        taken = package.read(alone(body=html + essay, files=named))
        return taken.drafts[0].fields["question_text"]

    return text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<p>a<br/>b<br/><br/>c</p>", "a\nb\n\nc"),
        ("<p>  a \n\t <b> b </b> c </p>", "a b c"),
        ("<p>a <i>b</i>, <span>c</span></p>", "a b, c"),
        ("<div><h2>a</h2><ul><li>b</li><li>c</li></ul></div>", "a\nb\nc"),
        ("<pre> a\n   b  </pre>", " a\n   b  "),
        ("<p>x</p><pre>a\n\n b</pre><p>y</p>", "x\na\n\n b\ny"),
        ("<p>x<sup>2</sup> + H<sub>2</sub>O</p>", "x² + H₂O"),
        ("<p>x<sup>ab</sup> a<sub>i</sub> e<sup><i>x</i></sup></p>", "x^(ab) a_(i) e^(x)"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>", "a | b |\nc |"),
        ("<p><ruby>字<rt>zi</rt></ruby></p>", "字(zi)"),
        ("<p>&lt;script&gt;x&lt;/script&gt; &amp; y</p>", "<script>x</script> & y"),
        ("<p>a&#160;b</p>", "a\xa0b"),
    ],
)
def test_html_becomes_the_text_that_a_browser_would_show(read, html, text):
    assert read(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<style>p { display: none }</style>",
        '<p onclick="alert(1)"/>',
        "<qti-stylesheet/>",
        "<qti-feedback-block>It is b.</qti-feedback-block>",
        "<qti-feedback-inline>It is b.</qti-feedback-inline>",
        '<qti-rubric-block view="scorer">It is b.</qti-rubric-block>',
        '<qti-rubric-block view="tutor author">It is b.</qti-rubric-block>',
        "<qti-rubric-block>It is b.</qti-rubric-block>",
        "<!-- It is b. -->",
        "<?php It is b. ?>",
    ],
)
def test_what_is_not_for_students_or_would_be_executed_is_not_in_the_text(read, html):
    assert read(f"<p>a</p>{html}") == "a"


@pytest.mark.parametrize(
    "name", ["math", "svg", "audio", "video", "iframe", "embed", "qti-printed-variable", "canvas"]
)
def test_what_text_cannot_say_is_a_flaw_and_never_guessed(alone, essay, name):
    with pytest.raises(Flawed, match="cannot be said in text and images"):
        package.read(alone(body=f"<p>a</p><{name}>x</{name}>{essay}"))


def test_an_image_leaves_its_number_where_it_stood(alone, png):
    body = """<p>In <img src="a.png" alt=" one
    dot "/> and</p><p><object type="image/png" data="a.png">a dot</object></p>
    <qti-choice-interaction response-identifier="RESPONSE">
    <qti-simple-choice identifier="x"><img src="a.png"/></qti-simple-choice>
    <qti-simple-choice identifier="y"><img src="b%20b.png"/></qti-simple-choice>
    </qti-choice-interaction>"""
    [draft] = package.read(alone(body=body, files={"a.png": png, "b b.png": png})).drafts
    assert draft.fields["question_text"] == "In [image 1] and\n[image 2]"
    assert draft.fields["options"] == {"A": "[image 3]", "B": "[image 4]"}
    assert [shown.alternative for shown in draft.shown] == ["one dot", "a dot", "", ""]


@pytest.mark.parametrize(
    "source",
    [
        "https://example.com/a.png",
        "//h/a.png",
        "/a.png",
        "../a.png",
        "data:image/png;base64,AA",
        "",
    ],
)
def test_an_image_comes_from_the_package_only(alone, essay, png, source):
    with pytest.raises(Flawed, match="is not a file of the package"):
        package.read(alone(body=f'<p><img src="{source}"/></p>{essay}', files={"a.png": png}))


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no PNG, JPEG, WebP or GIF"),
        (b"", "is no PNG"),
        (b"RIFF0000WAVE", "is no PNG"),
        (b"\x89PNG\r\n\x1a\n" + secrets.token_bytes(512 * 1024), "is larger than 512 KiB"),
    ],
)
def test_an_image_is_what_its_first_bytes_say(alone, essay, content, flaw):
    with pytest.raises(Flawed, match=flaw):
        package.read(alone(body=f'<p>?<img src="a.png"/></p>{essay}', files={"a.png": content}))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"RIFF0000WEBPVP8 ", "image/webp"),
    ],
)
def test_its_name_does_not_matter(alone, essay, content, media_type):
    made = alone(body=f'<p>?<img src="a.svg"/></p>{essay}', files={"a.svg": content})
    assert package.read(made).drafts[0].shown[0].picture.media_type == media_type


def test_an_image_has_at_most_512_kib_wherever_it_comes_from(png):
    assert look(png + bytes(MAX_BYTES - len(png))).media_type == "image/png"
    with pytest.raises(NotAPicture, match="512 KiB"):
        look(png + bytes(MAX_BYTES - len(png) + 1))


def test_an_item_has_at_most_50_images(alone, essay, png):
    body = "<p>" + '<img src="a.png"/>' * 51 + f"</p>{essay}"
    with pytest.raises(Flawed, match="has more than 50 images"):
        package.read(alone(body=body, files={"a.png": png}))
