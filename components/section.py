"""What all parts of a stack's configuration share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """What all parts share: nothing unknown is taken, nothing changes once read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_set(cls, values: Any) -> Any:
        """An empty text means that nothing is set, as it does for the keys of Pulumi.yaml."""
        return {key: one for key, one in values.items() if one != ""} if isinstance(values, dict) else values
