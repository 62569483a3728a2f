"""Faulty and odd SIP messages, written after the faults that RFC 4475 describes (section in each).

None is the RFC's text: each has the described fault, and our own names and numbers.
"""

from collections.abc import Iterator

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40002 RTP/AVP 0\r\n"
)


ENDS = "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nContent-Length: 0\r\n\r\n"


def message(
    method: str = "INVITE",
    *,
    line: str | None = None,
    body: str = SDP,
    length: str | None = None,
    extra: str = "",
    without: tuple[str, ...] = (),
    tail: str = "",
    **changed: str,
) -> str:
    """A sound request, but for what is changed."""
    number = str(abs(hash((method, line, extra, tail, length, *changed.items(), *without))))
    headers = {
        "Via": f"SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK{number}",
        "Max-Forwards": "70",
        "From": f"<sip:caller@127.0.0.1>;tag=t{number}",
        "To": "<sip:bank@127.0.0.1>",
        "Call-ID": f"torture-{number}",
        "CSeq": f"1 {method}",
        "Contact": "<sip:caller@127.0.0.1:5999>",
        "Content-Type": "application/sdp",
        "Content-Length": str(len(body)) if length is None else length,
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [f"{name}: {value}\r\n" for name, value in headers.items() if name not in without]
    first = f"{method} sip:bank@127.0.0.1 SIP/2.0" if line is None else line
    return f"{first}\r\n{''.join(lines)}{extra}\r\n{body}{tail}"


def messages() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each."""
    for name, text in _texts():
        yield name, text.encode("latin-1", "replace")
    yield "3.1.1.1 raw bytes in the body", message().encode() + bytes(range(256))
    yield "no SIP at all", bytes(range(256)) * 4
    yield "an empty datagram", b""
    yield "only line ends", b"\r\n\r\n\r\n"
    yield "a datagram of zeros", bytes(1400)


def _texts() -> Iterator[tuple[str, str]]:
    """The faults in words."""
    odd = "a%20b\"c'd~!*()_"
    yield (
        "3.1.1.1 a short tortuous INVITE",
        message(
            "OPTIONS",
            body="",
            extra="NewFangled:   newfangled value\r\n continued newfangled value\r\n"
            "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n",
            Max_Forwards="  0068 ",
        ),
    )
    yield "3.1.1.2 every character of a token", message("!interesting-Method0123456789_*+`.%'~")
    yield "3.1.1.3 escaped characters in the URI", message(From=f"<sip:{odd}@127.0.0.1>;tag=x")
    yield "3.1.1.4 escaped nulls", message("REGISTER", From="<sip:null-%00@127.0.0.1>;tag=1")
    yield (
        "3.1.1.5 a percent that escapes nothing",
        message("RE%47IST%45R", To="<sip:%40@127.0.0.1>"),
    )
    yield (
        "3.1.1.6 no white space around the display name",
        message("OPTIONS", body="", From="caller<sip:c@127.0.0.1>;tag=3"),
    )
    yield (
        "3.1.1.7 long values",
        message(
            "OPTIONS",
            body="",
            From=f'"{"I have a long name " * 60}" <sip:c@127.0.0.1>;tag={"9" * 600}',
        ),
    )
    yield "3.1.1.8 sound behind the message", message(tail="INVITE sip:other@127.0.0.1 SIP/2.0\r\n")
    yield (
        "3.1.1.9 separators in the user part",
        message("OPTIONS", line="OPTIONS sip:user;par=u%40example@127.0.0.1 SIP/2.0", body=""),
    )
    yield (
        "3.1.1.10 a transport that nobody knows",
        message("OPTIONS", body="", Via="SIP/2.0/UNKNOWN 127.0.0.1;branch=z9hG4bK1"),
    )
    yield (
        "3.1.1.11 a multipart body",
        message(Content_Type="multipart/mixed;boundary=x", body="--x\r\n\r\nhi\r\n--x--\r\n"),
    )
    yield (
        "3.1.1.12 an unusual reason phrase",
        (
            "SIP/2.0 200 = 2**3 * 5**2 \xe4\xf6\r\nVia: SIP/2.0/UDP 127.0.0.1\r\nCall-ID: r\r\n"
            "CSeq: 1 INVITE\r\n" + ENDS
        ),
    )
    yield (
        "3.1.1.13 a response without a reason",
        (
            "SIP/2.0 100 \r\nVia: SIP/2.0/UDP 127.0.0.1\r\nCall-ID: r2\r\nCSeq: 1 INVITE\r\n"
            "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nContent-Length: 0\r\n\r\n"
        ),
    )
    yield (
        "3.1.2.1 separators without end",
        message(extra=";;,;\r\n", Contact='"" "" <> ;,,;;,, ;'),
    )
    yield "3.1.2.2 a body shorter than its length", message(length="9999")
    yield "3.1.2.3 a negative length", message(length="-999")
    yield (
        "3.1.2.4 numbers larger than their fields",
        message(
            "REGISTER",
            CSeq="36893488147419103232 REGISTER",
            Max_Forwards="300",
            extra="Expires: 1" + "0" * 40 + "\r\n",
        ),
    )
    yield (
        "3.1.2.5 a response with large numbers",
        (
            "SIP/2.0 503 Service Unavailable\r\nVia: SIP/2.0/UDP 127.0.0.1\r\nCall-ID: r3\r\n"
            "CSeq: 92923948347723040 OPTIONS\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
            "Retry-After: 949302838503028349304023988\r\nContent-Length: 0\r\n\r\n"
        ),
    )
    yield "3.1.2.6 a quote that never ends", message(To='"Mr. J. User <sip:bank@127.0.0.1>')
    yield (
        "3.1.2.7 the URI in angle brackets",
        message(line="INVITE <sip:bank@127.0.0.1> SIP/2.0"),
    )
    yield (
        "3.1.2.8 white space within the URI",
        message(line="INVITE sip:bank@127.0.0.1; lr SIP/2.0"),
    )
    yield (
        "3.1.2.9 two blanks in the first line",
        message(line="INVITE  sip:bank@127.0.0.1  SIP/2.0"),
    )
    yield (
        "3.1.2.10 blanks after the first line",
        message(line="INVITE sip:bank@127.0.0.1 SIP/2.0  "),
    )
    yield (
        "3.1.2.11 headers in the first line's URI",
        message(line="INVITE sip:bank@127.0.0.1?Route=%3Csip:x%3E SIP/2.0"),
    )
    yield (
        "3.1.2.12 a date in a wrong zone",
        message(extra="Date: Fri, 01 Jan 2010 16:00:00 EST\r\n"),
    )
    yield "3.1.2.13 a name without quotes", message(From="Bell, A. <sip:c@127.0.0.1>;tag=43")
    yield "3.1.2.14 a space in an address", message(Contact="<sip:bad user@127.0.0.1>")
    yield (
        "3.1.2.15 characters outside a token in a display name",
        message(From="caller[1]@{x} <sip:c@127.0.0.1>;tag=9"),
    )
    yield "3.1.2.16 an unknown protocol version", message(line="OPTIONS sip:bank@127.0.0.1 SIP/7.0")
    yield "3.1.2.17 two methods that differ", message(CSeq="8 OPTIONS")
    yield "3.1.2.18 an unknown method that differs", message("NEWMETHOD", CSeq="8 INVITE")
    yield (
        "3.1.2.19 a status too large",
        (
            "SIP/2.0 4294967301 better not\r\nVia: SIP/2.0/UDP 127.0.0.1\r\nCall-ID: r4\r\n"
            "CSeq: 1 INVITE\r\n" + ENDS
        ),
    )
    yield (
        "3.2.1 a branch that is only the cookie",
        message("OPTIONS", body="", Via="SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK"),
    )
    for name in ("Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Contact"):
        yield f"3.3.1 without {name}", message(without=(name,))
    yield "3.3.2 an unknown scheme", message(line="INVITE nobodyKnows:bank SIP/2.0")
    yield "3.3.3 a scheme of another world", message(line="INVITE soap.beep://127.0.0.1 SIP/2.0")
    yield (
        "3.3.4 unknown schemes in headers",
        message(From="<nobody:x>;tag=1", To="<isbn:2983792873>"),
    )
    yield (
        "3.3.5 extensions that nobody has",
        message(extra="Require: nothingSupportsThis, norThis\r\nProxy-Require: norThat\r\n"),
    )
    yield (
        "3.3.6 a body that nobody reads",
        message(Content_Type="application/unknownformat", body="<audio/>"),
    )
    yield (
        "3.3.7 an unknown way to authenticate",
        message(extra="Authorization: NoOneKnowsThisScheme opaque-data=here\r\n"),
    )
    yield (
        "3.3.8 fields that may stand once",
        message(extra="CSeq: 8 INVITE\r\nFrom: <sip:z@127.0.0.1>;tag=z\r\nCall-ID: two\r\n"),
    )
    yield "3.3.9 two lengths", message(extra="Content-Length: 5\r\n")
    yield (
        "3.3.10 a response sprayed with addresses",
        (
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 198.51.100.9;branch=z9hG4bKx\r\nCall-ID: r5\r\n"
            "CSeq: 1 INVITE\r\n" + ENDS
        ),
    )
    yield "3.3.11 no forwards left", message("OPTIONS", body="", Max_Forwards="0")
    yield (
        "3.3.12 a contact with parameters to register",
        message("REGISTER", body="", Contact="sip:c@127.0.0.1?Route=%3Csip:x%3E"),
    )
    yield "3.3.13 a register without contact but a star", message("REGISTER", body="", Contact="*")
    yield "3.3.15 an SDP that refuses all", message(body=SDP.replace("40002", "0"))
    yield (
        "3.4.1 a request of the old RFC 2543",
        message(
            Via="SIP/2.0/UDP 127.0.0.1",
            From="<sip:old@127.0.0.1>",
            without=("Max-Forwards", "Contact"),
        ),
    )
    yield "an SDP with a port out of range", message(body=SDP.replace("40002", "999999"))
    yield "an SDP without its end", message(body=SDP[:60])
