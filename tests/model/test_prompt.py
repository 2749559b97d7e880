"""Prompts and jobs as JSON: what one end writes the other reads, and anything else is one line that names the field."""

import json
from typing import Any

import pytest

from model.errors import InputError
from model.prompt import Prompt, parse_prompt
from model.worker.protocol import Job

PROMPT = parse_prompt("Edor", "slip jig", 0.9, "AABB:16", 7, "EBBA|", True, "endings")
JOB = Job("1.0", PROMPT, 30.0, "mine.safetensors", "00", 2)


def test_what_is_written_is_read() -> None:
    assert Job.from_json(json.loads(json.dumps(JOB.to_json()))) == JOB
    plain = parse_prompt("D", "reel", seed=1)
    assert Prompt.from_json(json.loads(json.dumps(plain.to_json()))) == plain


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"colour": "red"}, "knows no field 'colour' of a prompt"),
        ({"key": 5}, "the field 'key' of a prompt cannot be int"),
        ({"key": "H"}, "unknown key 'H'"),
        ({"rhythm": None}, "the field 'rhythm' of a prompt cannot be NoneType"),
        ({"temperature": "hot"}, "the field 'temperature' of a prompt cannot be str"),
        ({"temperature": True}, "the field 'temperature' of a prompt cannot be bool"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": 1e300}, "temperature is 1e"),
        ({"form": ["AABB"]}, "the field 'form' of a prompt cannot be list"),
        ({"form": "ABBA"}, "unknown form 'ABBA'"),
        ({"seed": 7.5}, "the field 'seed' of a prompt cannot be float"),
        ({"opening": {}}, "the field 'opening' of a prompt cannot be dict"),
        ({"transpose": 1}, "the field 'transpose' of a prompt cannot be int"),
        ({"vary": "sideways"}, "vary is sideways"),
        ({"opening": ""}, "nothing to vary"),
    ],
)
def test_a_prompt_that_is_none_is_one_line(changed: dict[str, Any], message: str) -> None:
    for read, data in ((Prompt.from_json, PROMPT.to_json()), (Job.from_json, JOB.to_json())):
        target = data.get("prompt", data)
        target |= changed
        with pytest.raises(InputError, match=message) as refusal:
            read(data)
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x" * 1000 + "\n": 1}, "knows no field 'xxxxxxxxxxxxxxxxxxxx' of a job"),
        ({"id": 5}, "the field 'id' of a job cannot be int"),
        ({"prompt": []}, "the field 'prompt' of a job cannot be list"),
        ({"deadline": "soon"}, "the field 'deadline' of a job cannot be str"),
        ({"version": True}, "the field 'version' of a job cannot be bool"),
    ],
)
def test_a_job_that_is_none_is_one_line(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Job.from_json(JOB.to_json() | changed)


@pytest.mark.parametrize("field", ["id", "prompt", "deadline", "version"])
def test_a_job_says_everything(field: str) -> None:
    data = JOB.to_json()
    del data[field]
    with pytest.raises(InputError, match=f"the job has no field '{field}'"):
        Job.from_json(data)


@pytest.mark.parametrize("data", [None, 5, "cancel", [], [["id", "x"]]])
def test_what_is_no_object_is_no_job(data: object) -> None:
    for read in (Job.from_json, Prompt.from_json):
        with pytest.raises(InputError, match="is a JSON object, not"):
            read(data)
