"""`python -m archspec.schema DIRECTORY` of earlier versions says where it is now."""

import sys

if __name__ == "__main__":
    sys.exit("python -m archspec.schema is now python -m archspec.reference DIRECTORY")
