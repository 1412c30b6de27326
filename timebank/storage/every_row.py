"""Imports every module that maps rows, so that the metadata is whole. Migrations and tests need it."""

from importlib import import_module
from pkgutil import iter_modules

import timebank.storage

MODULES = tuple(
    import_module(f"timebank.storage.{module.name}")
    for module in iter_modules(timebank.storage.__path__)
    if module.name != "every_row"
)
