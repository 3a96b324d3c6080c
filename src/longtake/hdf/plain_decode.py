"""Reading the pickles that PyTables keeps in attributes, with no unpickler.

Python's unpickler runs whatever a pickle asks for. Here the bytes are read by a small machine
that builds containers, numbers, text, bytes and numpy arrays of these, and knows no other
operation: it never imports and never calls what a file names, and what it makes is bounded.
"""

from __future__ import annotations

import codecs
import struct
from typing import TYPE_CHECKING, Any

from longtake.errors import DamagedFile, InvalidArgument, WrongType
from longtake.hdf.pickle_instructions import MalformedPickle, instructions
from longtake.hdf.pickle_names import Name, Unbuilt, build_array, build_dtype, call
from longtake.hdf.plain import check_key, check_plain

if TYPE_CHECKING:
    from collections.abc import Callable

#: Longest pickle that is looked at, in bytes.
MAX_BYTES = 4_000_000


def decode_plain(data: bytes) -> Any:
    r"""Read a pickle of plain data, of any protocol from 0 to 4.

    Parameters
    ----------
    data
        The pickle; what follows its end is not looked at.

    Returns
    -------
    Any
        None, a bool, int, float, complex, str, bytes, numpy scalar or array of numbers or text,
        or a dict, list or tuple of such. Text of Python 2 is read as Latin-1.

    Raises
    ------
    MalformedPickle
        If the bytes are no pickle.
    DamagedFile
        If the pickle asks for anything but plain data, or is beyond the limits.

    Examples
    --------
    >>> decode_plain(b"(lp0\nI1\naVa\np1\na.")
    [1, 'a']
    >>> decode_plain(b"cos\nsystem\n(Vls\ntR.")
    Traceback (most recent call last):
    ...
    longtake.errors.DamagedFile: a pickle that asks for 'os.system' was not read: it is not data
    """
    if len(data) > MAX_BYTES:
        raise DamagedFile(f"a pickle of {len(data)} bytes is longer than {MAX_BYTES}; not read")
    machine = _Machine()
    try:
        for code, argument in instructions(bytes(data)):
            machine.step(code, argument)
        result = machine.result()
    except (DamagedFile, InvalidArgument, WrongType) as error:
        raise error if isinstance(error, DamagedFile) else _refusal(error) from None
    except (ValueError, TypeError, LookupError, struct.error, OverflowError) as error:
        raise MalformedPickle(f"not a pickle: {error}") from None
    try:
        check_plain(result)
    except (InvalidArgument, WrongType) as error:
        raise _refusal(error) from None
    return result


def _refusal(error: Exception) -> DamagedFile:
    return DamagedFile(f"a pickle was not read: {error}")


class _Machine:
    """The stack on which values are made, and the memo from which they are fetched again."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks set aside by marks
        self.memo: dict[int, Any] = {}

    def result(self) -> Any:
        (value,) = self.stack
        return value

    def step(self, code: bytes, argument: bytes) -> None:
        if code in _VALUES:
            self._push(_VALUES[code](argument))
            return
        match code:
            case b"\x80" | b"\x95":  # the protocol, the length of what follows: nothing to do
                pass
            case b"(":
                self.below.append(self.stack)
                self.stack = []
            case b"0":
                self.stack.pop()
            case b"1":
                self._since_mark()
            case b"2":
                self._push(self.stack[-1])
            case b"p" | b"q" | b"r" | b"\x94":
                self._remember(_memo_key(code, argument, len(self.memo)))
            case b"g" | b"h" | b"j":
                self._push(self.memo[_memo_key(code, argument, 0)])
            case b"c" | b"\x93":
                self._push(self._name(code, argument))
            case b"R":
                given = self.stack.pop()
                self._push(call(self.stack.pop(), given))
            case b"b":
                self._build(self.stack.pop())
            case _:
                self._container(code)

    def _container(self, code: bytes) -> None:
        match code:
            case b"t":
                self._push(tuple(self._since_mark()))
            case b"\x85" | b"\x86" | b"\x87":
                count = code[0] - 0x84
                parts = [self.stack.pop() for _ in range(count)]
                self._push(tuple(reversed(parts)))
            case b"l":
                self._push(self._since_mark())
            case b"d":
                items = self._since_mark()
                self._push({})
                self._set_items(items)
            case b"a":
                item = self.stack.pop()
                self._top(list).append(item)
            case b"e":
                items = self._since_mark()
                self._top(list).extend(items)
            case b"s":
                item = self.stack.pop()
                self._set_items([self.stack.pop(), item])
            case b"u":
                self._set_items(self._since_mark())

    def _push(self, value: Any) -> None:
        # Not `self.stack.append(self._since_mark())`: that would push on the stack before the mark.
        self.stack.append(value)

    def _since_mark(self) -> list[Any]:
        items = self.stack
        self.stack = self.below.pop()
        return items

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise MalformedPickle(f"not a pickle: no {kind.__name__} to add to")
        return self.stack[-1]

    def _set_items(self, items: list[Any]) -> None:
        target = self._top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            check_key(key)
            target[key] = value

    def _remember(self, key: int) -> None:
        value = self.stack[-1]
        self.memo[key] = value
        if isinstance(value, Unbuilt):
            value.memos.append(key)

    def _name(self, code: bytes, argument: bytes) -> Name:
        if code == b"c":
            module, name = argument.decode().split("\n")
            return Name(module, name)
        name = self.stack.pop()
        return Name(self.stack.pop(), name)

    def _build(self, state: Any) -> None:
        unbuilt = self._top(Unbuilt)
        value = (
            build_array(state)
            if unbuilt.dtype_code is None
            else build_dtype(unbuilt.dtype_code, state)
        )
        self.stack[-1] = value
        for key in unbuilt.memos:
            self.memo[key] = value


def _memo_key(code: bytes, argument: bytes, following: int) -> int:
    if code in b"pg":
        return int(argument)
    return following if code == b"\x94" else int.from_bytes(argument, "little")


def _integer_line(line: bytes) -> int | bool:
    return line == b"01" if line in {b"00", b"01"} else int(line)


def _quoted_line(line: bytes) -> str:
    if len(line) < 2 or line[:1] not in {b"'", b'"'} or line[-1:] != line[:1]:
        raise MalformedPickle("not a pickle: text without quotes")
    return codecs.escape_decode(line[1:-1])[0].decode("latin-1")  # type: ignore[attr-defined]


def _utf8(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")


def _latin1(text: bytes) -> str:
    return text.decode("latin-1")


def _signed(number: bytes) -> int:
    return int.from_bytes(number, "little", signed=True)


def _unsigned(number: bytes) -> int:
    return int.from_bytes(number, "little")


_VALUES: dict[bytes, Callable[[bytes], Any]] = {
    b"N": lambda _: None,
    b"\x88": lambda _: True,
    b"\x89": lambda _: False,
    b"]": lambda _: [],
    b"}": lambda _: {},
    b")": lambda _: (),
    b"I": _integer_line,
    b"L": lambda line: int(line.removesuffix(b"L")),
    b"F": float,
    b"S": _quoted_line,
    b"V": lambda line: line.decode("raw-unicode-escape"),
    b"J": _signed,
    b"\x8a": _signed,
    **dict.fromkeys((b"K", b"M"), _unsigned),
    b"G": lambda number: struct.unpack(">d", number)[0],
    **dict.fromkeys((b"T", b"U"), _latin1),
    **dict.fromkeys((b"X", b"\x8c", b"\x8d"), _utf8),
    **dict.fromkeys((b"B", b"C", b"\x8e"), bytes),
}
