from __future__ import annotations

from pathlib import Path

import pytest

from sagectl.compiler.errors import RequestError
from sagectl.compiler.request import Platform, compile_request, stem_of
from sagectl.errors import CompileError, InputError

HERE = Path("out")


@pytest.mark.parametrize(
    "text",
    ['{"mcpu": "skylake-avx512"}', "{'mcpu': 'skylake-avx512'}", " {'mcpu':'skylake-avx512',}"],
    ids=["json", "python", "python-with-comma"],
)
def test_compiler_options_are_json_or_a_python_literal(text: str) -> None:
    request = compile_request(Path("m.onnx"), output=HERE, compiler_options=text)

    assert request.options == {"mcpu": "skylake-avx512"}


def test_flags_beat_the_texts() -> None:
    request = compile_request(
        Path("m.onnx"),
        output=HERE,
        compiler_options={"mcpu": "haswell"},
        mcpu="native",
        data_input_config={"x": [1, 3], "y": [2]},
        inputs={"x": [4, 3]},
    )

    assert request.options["mcpu"] == "native"
    assert request.inputs == {"x": (4, 3), "y": (2,)}


def test_a_list_of_shapes_is_named_as_the_service_names_it() -> None:
    request = compile_request(Path("m.pth"), output=HERE, data_input_config="[[1,3,4],[2]]")

    assert request.inputs == {"input0": (1, 3, 4), "input1": (2,)}


def test_a_wrapped_shape_is_read() -> None:
    text = '{"input": {"shape": [1, 224], "default_shape": [1, 224]}}'

    assert compile_request(Path("m.onnx"), output=HERE, data_input_config=text).inputs == {
        "input": (1, 224)
    }


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("data_input_config", "{'x': [1, 3", "neither JSON nor a Python literal"),
        ("data_input_config", "3", "neither a mapping nor a list of shapes"),
        ("data_input_config", '{"x": [1, -3]}', "not a list of positive integers"),
        ("data_input_config", '{"x": [1, 2.5]}', "not a list of positive integers"),
        ("data_input_config", '{"x": "1,3"}', "not a list of positive integers"),
        ("compiler_options", "mcpu=native", "neither JSON nor a Python literal"),
        ("compiler_options", "['+avx']", "not a mapping"),
        ("compiler_options", '{"a": ' * 100_000, "neither JSON nor a Python literal"),
        ("compiler_options", "{'a': {1, 2}}", "that JSON cannot hold"),
        ("compiler_options", "{'a': b'x'}", "that JSON cannot hold"),
        ("compiler_options", "{'a': 1j}", "that JSON cannot hold"),
        ("compiler_options", "{'a': ...}", "that JSON cannot hold"),
        ("compiler_options", '{"a": NaN}', "that JSON cannot hold"),
        ("compiler_options", '{"a": [1e999]}', "that JSON cannot hold"),
        ("compiler_options", '{"a": "\\ud800"}', "that JSON cannot hold"),
        ("compiler_options", '{"\\ud800": 1}', "that JSON cannot hold"),
        ("data_input_config", "[" * 100_000, "neither JSON nor a Python literal"),
    ],
    ids=[
        *("unclosed", "number", "negative", "fraction", "text", "flags", "list", "deep"),
        *("set", "bytes", "complex", "ellipsis", "nan", "infinite", "surrogate", "name"),
        "deep-shapes",
    ],
)
def test_text_that_says_nothing_is_refused(argument: str, value: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        compile_request(Path("m.onnx"), output=HERE, **{argument: value})

    assert caught.value.hint


def test_a_device_and_a_platform_exclude_each_other() -> None:
    with pytest.raises(RequestError, match="Both a device and a platform"):
        compile_request(
            Path("m"), output=HERE, device="ml_c5", platform=Platform("LINUX", "ARM64")
        )


def test_a_refused_request_is_an_input_error_and_a_failed_compilation() -> None:
    error = RequestError("no", stage="import", reason="input")

    assert isinstance(error, InputError)
    assert isinstance(error, CompileError)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("name", "stem"),
    [("net.tar.gz", "net"), ("net.v2.onnx", "net.v2"), ("net.TGZ", "net"), ("net", "net")],
)
def test_a_package_inherits_the_stem_of_its_model(name: str, stem: str) -> None:
    assert stem_of(Path("folder", name)) == stem


@pytest.mark.parametrize(
    "stem", ["../x", "a/b", "a\0", "x" * 200], ids=["parent", "folder", "zero", "long"]
)
def test_a_stem_that_is_no_file_name_is_refused(stem: str) -> None:
    with pytest.raises(RequestError, match="is no file name"):
        compile_request(Path("m.onnx"), output=Path(), stem=stem)
