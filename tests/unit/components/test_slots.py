import hashlib
import json

import pytest
from hypothesis import given

from components.slots import Spec, from_json, to_json
from tests.unit.components.test_choice import V1, befores


@given(befores())
def test_the_slots_read_back_as_they_were_written(before):
    assert from_json(to_json(before.slots)) == before.slots


@pytest.mark.parametrize("text", ["", "[]", "7", '{"blue": 1}', '{"blue": {"version": "v1"}}'])
def test_what_are_no_slots_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        from_json(text)


def test_slots_written_by_a_later_golive_can_be_read():
    text = json.dumps({"blue": {"version": "v1", "image": "shop:v1", "colour": 3}})
    assert from_json(text) == {"blue": V1}


def test_a_secret_is_not_shown_where_a_spec_is_printed():
    assert "hush" not in repr(Spec("v1", "shop:v1", secrets={"TOKEN": "hush"}))


def test_a_digest_says_nothing_of_what_is_not_set_so_that_a_new_field_prepares_no_slot_again():
    text = json.dumps({"version": "v1", "image": "shop:v1", "port": 9000}, sort_keys=True)
    assert Spec("v1", "shop:v1", port=9000).digest == hashlib.sha256(text.encode()).hexdigest()
    assert Spec("v1", "shop:v1", secrets={"A": "1"}).digest != Spec("v1", "shop:v1", secrets={"A": "2"}).digest
