"""Names of earlier versions: of modules, and of what is called otherwise in them; see `archspec.moved`."""

from __future__ import annotations

# The old names of modules, and the modules that replaced each.
MODULES = {
    "augmenting": ("training.augmentation",),
    "bundled": ("tasks.digits",),
    "candidate": ("trial", "seeds"),
    "commands": ("cli.commands", "cli.checking"),
    "datasets": ("tasks.datasets",),
    "evaluating": ("training.evaluation",),
    "fitting": ("tasks.synthetic.targets",),
    "formats": ("tasks.formats",),
    "images": ("tasks.images",),
    "irregular": ("tasks.irregular",),
    "loading": ("cli.loading",),
    "local": ("backends.local",),
    "on_ray": ("backends.ray",),
    "oscillations": ("tasks.synthetic.oscillations",),
    "plot": ("report.plot",),
    "progress": ("report.progress",),
    "cli.progress": ("report.progress",),
    "rates": ("training.rates",),
    "retraining": ("training.retraining",),
    "run": ("search",),
    "sequences": ("tasks.synthetic.sequences",),
    "settings": ("training.settings",),
    "shapes": ("tasks.synthetic.shapes",),
    "starter": ("cli.starter",),
    "store": ("files", "errors"),
    "symmetric": ("tasks.synthetic.symmetric",),
    "tables": ("report.tables", "front", "words"),
    "task": ("tasks.task",),
    "voxels": ("tasks.synthetic.voxels",),
    "worker": ("backends.worker",),
}

_RUN = "use Search(...).run(directory, backend, workers, address)"
# By the old name of a module: the old names of attributes that are called otherwise now, and the modules and names that
# replaced them; where nothing did, a sentence that says what to use.
NAMES = {
    "": {"Candidate": "trial:Trial"},
    "candidate": {"Candidate": "trial:Trial", "candidate_of": "use search.trial.Trial.from_data(data)"},
    "cli": {"INTERRUPTED": "cli.main:INTERRUPTED", "OK": "cli.main:OK", "TARGETS": "cli.main:TARGETS"},
    "local": {"run_local": _RUN},
    "on_ray": {"EngineSearcher": _RUN, "JOURNAL": "use search.files.RunDirectory(path).journal", "run_on_ray": _RUN},
    "report": {
        "BUDGETS": "report.numbers:BUDGETS",
        "budgets": "report.numbers:budgets",
        "factorisation_of": "use search.report.report.trait_of('factorisation', trial)",
        "group_of": "use trial.group",
    },
    "result": {
        "ACCURACY_PER_FLOP": "choosing:ACCURACY_PER_FLOP",
        "PRICE_OF_FLOPS": "objectives:PRICE_OF_FLOPS",
        "TARGET_FLOPS": "objectives:TARGET_FLOPS",
    },
    "store": {
        "JOURNAL": "use search.files.RunDirectory(path).journal",
        "LOCK": "use search.files.RunDirectory(path).lock",
        "STUDY": "record.journal:STUDY",
        "UNSAID": "record.lines:UNRECORDED",
        "quietly": "record.studies:quietly",
    },
    "training.trainer": {"evaluate": "training.evaluation:evaluate"},
    "training": {"EVALUATION_BATCH": "training.evaluation:EVALUATION_BATCH"},
    "worker": {"Job": "use search.trial.Trial.to_data()", "one_thread": "training.threads:one_thread"},
}
