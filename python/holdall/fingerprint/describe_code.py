"""Code as a value: classes, functions, what is bound to arguments, modules."""

import functools
import types
from typing import Any

from holdall.fingerprint.attributes import Attributes
from holdall.fingerprint.modules import home_of

# The script, and the script as multiprocessing's children see it.
MAIN = {"__mp_main__": "__main__"}


def name_of(value: Any) -> tuple[str, str]:
    """Return the module and the name within it of a class or a function."""
    module = str(getattr(value, "__module__", None) or "")
    return MAIN.get(module, module), value.__qualname__


def type_of(kind: type) -> tuple[Any, ...]:
    """Return what a class is: its name, and what it does if it is one of the user's own."""
    own = home_of(kind.__module__) == "own"
    return (*name_of(kind), digest_of_code(kind) if own else None)


def digest_of_code(value: Any) -> bytes:
    """Return the digest of what a class or a function does."""
    # In here, because what code is rests on what values are.
    from holdall.fingerprint.code import code_of

    return code_of(value).current().digest()


def of_class(kind: type) -> tuple[Any, ...]:
    """Describe a class."""
    return ("class", *type_of(kind))


def of_function(value: Any) -> tuple[Any, ...]:
    """Describe a function written in Python."""
    return ("function", *name_of(value), digest_of_code(value))


def of_builtin(value: types.BuiltinFunctionType) -> tuple[Any, ...]:
    """Describe a function or method that is not written in Python."""
    owner = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        return ("builtin", *name_of(value))
    return ("builtin method", value.__name__, owner)


def of_method(value: types.MethodType) -> tuple[Any, ...]:
    """Describe a method that is bound to its object."""
    return ("method", Attributes(__func__=value.__func__, __self__=value.__self__))


def of_descriptor(value: Any) -> tuple[Any, ...]:
    """Describe a method that is bound to nothing yet: `str.upper`."""
    return ("descriptor", value.__objclass__, value.__name__)


def of_wrapper(value: Any) -> tuple[Any, ...]:
    """Describe a special method that is bound to its object."""
    return ("wrapper", value.__name__, Attributes(__self__=value.__self__))


def of_partial(value: functools.partial[Any]) -> tuple[Any, ...]:
    """Describe a call of which a part is given."""
    return (
        "functools.partial",
        Attributes(func=value.func, args=value.args, keywords=value.keywords),
    )


def of_cached(value: Any) -> tuple[Any, ...]:
    """Describe a function with a cache: by the function."""
    return ("functools.lru_cache", Attributes(__wrapped__=value.__wrapped__))


def of_module(value: types.ModuleType) -> tuple[Any, ...]:
    """Describe a module by its name."""
    return ("module", value.__name__)


TABLE: dict[type, Any] = {
    types.FunctionType: of_function,
    types.BuiltinFunctionType: of_builtin,
    types.MethodType: of_method,
    types.MethodDescriptorType: of_descriptor,
    types.ClassMethodDescriptorType: of_descriptor,
    types.WrapperDescriptorType: of_descriptor,
    types.MemberDescriptorType: of_descriptor,
    types.GetSetDescriptorType: of_descriptor,
    types.MethodWrapperType: of_wrapper,
    functools.partial: of_partial,
    type(functools.cache(len)): of_cached,
    types.ModuleType: of_module,
}
