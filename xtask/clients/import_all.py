"""Imports every module of the packages in a directory."""

import importlib
import pkgutil
import sys

directory = sys.argv[1]
sys.path.insert(0, directory)
modules = [module.name for module in pkgutil.walk_packages([directory])]
for name in modules:
    importlib.import_module(name)
if not modules:
    sys.exit(f"there is no module in {directory}")
print(f"{len(modules)} modules can be imported")
