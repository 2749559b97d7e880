import json
from typing import Any

import pytest

from model.errors import InputError
from model.prompt import parse_prompt
from model.worker.protocol import Job

PROMPT = parse_prompt("Edor", "slip jig", 0.9, "AABB:16", 7, "EBBA|", True, "endings")
JOB = Job("1.0", PROMPT, 30.0, "mine.safetensors", "00", 2)


def test_a_job_survives_json() -> None:
    assert Job.from_json(json.loads(json.dumps(JOB.to_json()))) == JOB


def test_a_job_with_a_wrong_prompt_is_refused_as_the_prompt_is() -> None:
    data = JOB.to_json()
    data["prompt"] |= {"key": "H"}
    with pytest.raises(InputError, match="unknown key 'H'"):
        Job.from_json(data)


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
def test_a_wrong_field_is_refused_by_its_name(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Job.from_json(JOB.to_json() | changed)


@pytest.mark.parametrize("field", ["id", "prompt", "deadline", "version"])
def test_a_missing_field_is_named(field: str) -> None:
    data = JOB.to_json()
    del data[field]
    with pytest.raises(InputError, match=f"the job has no field '{field}'"):
        Job.from_json(data)


@pytest.mark.parametrize("data", [None, 5, "cancel", [], [["id", "x"]]])
def test_only_an_object_is_a_job(data: object) -> None:
    with pytest.raises(InputError, match="a job is a JSON object, not"):
        Job.from_json(data)
