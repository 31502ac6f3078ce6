"""Names of nodes and workflows, under which things are kept."""

from holdall.errors import ValidationError


def check_name(parameter: str, name: str) -> None:
    """Raise ValidationError for a name that no storage could keep."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ValidationError(
            f"{parameter}={name!r} holds half a character, which cannot be stored; give a whole one",
            parameter=parameter,
            value=name,
        ) from error
