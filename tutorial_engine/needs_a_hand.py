"""What needs a hand: all that keeps somebody else's tutorial from building here, as far as its text tells.

What the engine refuses is asked of the engine; beside that stands what only a run would find: packages, data and
figures that are not as this course has them, and idioms of older releases.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeAlias

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .build_cache import BuildCache
from .checks import keras_data
from .course import load_course
from .data import data_names
from .errors import SourceError, TutorialError
from .fingerprint import distribution_of, required_by
from .foreign_code import commented_magic
from .links import check_links, links
from .markup import headings
from .passages import mask
from .settings import Settings
from .syntax import facts
from .tutorial import Cell, Tutorial

# The line in a cell, what is wrong there, and what to do about it.
Finding: TypeAlias = tuple[int, str, str]

_FIGURE_REMEDY = (
    "set its text before it is shown: figure.alt = …, or plt.gcf().alt = … above plt.show(), a sentence that says "
    "what the figure shows, made from the data; another figure has another text"
)
_BRING_DATA = (
    "a run has no network and reads no file but its own: make the data in the cell, load what the course has "
    "(snippets/datasets.py, and 'data' in the header), or publish it with its checksums in tutorials_src/data"
)
_BRING_WEIGHTS = "a run has no network: train the network on the page, or publish its weights with their checksum"

# Calls that fetch or read; a name ends at a dot or at the end.
_FETCHES = re.compile(
    r"(?:.*\.)?(?:urlretrieve|urlopen|get_file|download_and_extract|curl|wget\.download|load_dataset|fetch_\w+"
    r"|dataset_download|competition_download)"
    r"|requests\.(?:get|post|request)|httpx\.get|tensorflow_datasets\..*|tensorflow_hub\..*|kagglehub\..*"
    r"|datasets\.load_dataset|nltk\.download|gdown\..*|sklearn\.datasets\.(?:fetch_\w+|load_svmlight_file)"
    r"|torchvision\.datasets\.\w+"
)
_READS = re.compile(
    r"open|io\.open|pathlib\.Path\.(?:open|read_text|read_bytes|glob|iterdir)|os\.(?:walk|listdir|scandir)|glob\.i?glob"
    r"|pandas\.read_\w+|polars\.read_\w+|numpy\.(?:load|loadtxt|genfromtxt|fromfile|memmap)|PIL\.Image\.open"
    r"|matplotlib\.(?:pyplot|image)\.imread|cv2\.(?:imread|VideoCapture)|imageio\.\w*imread|skimage\.io\.imread"
    r"|scipy\.io\.loadmat|h5py\.File|pickle\.load|joblib\.load|zipfile\.ZipFile|tarfile\.open|csv\.reader"
    r"|keras\.(?:utils|preprocessing(?:\.image)?)\.(?:load_img|\w+_dataset_from_directory)"
    r"|keras\.(?:models|saving)\.load_model|tensorflow\.io\.(?:read_file|gfile\.\w+)"
    r"|tensorflow\.data\.(?:TextLineDataset|TFRecordDataset|Dataset\.list_files|experimental\.make_csv_dataset)"
)
_IN_MEMORY = frozenset({"io.BytesIO", "io.StringIO"})
# Methods that read, whatever they are called on.
_READING_METHODS = frozenset({"flow_from_directory", "flow_from_dataframe", "load_weights"})
_WRITES = re.compile(
    r"(?:.*\.)?(?:save\w*|to_csv|to_json|write\w*|dump|imwrite|export|ModelCheckpoint|CSVLogger|BackupAndRestore|imsave)"
)
_WRITES_WHAT_IT_IS_GIVEN = re.compile(
    r"(?:.*\.)?(?:write|writelines|writerows?|write_text|write_bytes|dump)"
)
_WEIGHTS = re.compile(r"keras\.applications\.(?:\w+\.)?[A-Z]\w+")
_ELSEWHERE = {
    "IPython.display.YouTubeVideo": "a video",
    "IPython.display.VimeoVideo": "a video",
    "IPython.display.IFrame": "a frame",
    "IPython.display.Javascript": "JavaScript",
    "IPython.display.Video": "a video",
    "IPython.display.Audio": "sound",
    "IPython.display.FileLink": "a link to a file",
}
_LAYERS = re.compile(
    r"(?:keras\.layers\.|^)(?:Dense|Activation|Flatten|Reshape|Embedding|LSTM|GRU|SimpleRNN|Bidirectional|TimeDistributed"
    r"|Dropout|BatchNormalization|Rescaling|Normalization|Resizing|Random\w+|(?:Separable|Depthwise)?Conv[123]D\w*"
    r"|(?:Max|Average|GlobalMax|GlobalAverage)Pool\w*|ZeroPadding[123]D|Masking|Lambda|ConvLSTM\w*|InputLayer|Permute"
    r"|PReLU|LeakyReLU|LayerNormalization)$"
)
_OPTIMIZERS = re.compile(
    r"(?:keras\.optimizers\.|^)(?:Adam\w*|SGD|RMSprop|Nadam|Adagrad|Adadelta|Ftrl)$"
)
# Whole names as `_short` gives them, `tf.keras` as `keras`; old keywords and strings are in `_idioms`.
_OLD_NAMES: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), message, remedy)
    for pattern, message, remedy in (
        (
            r"(?:.*\.)?(?:fit|evaluate|predict)_generator",
            "fit_generator and its kin are gone from Keras",
            "give the generator or data set to fit, evaluate or predict",
        ),
        (
            r"(?:.*\.)?predict_classes",
            "predict_classes is gone from Keras",
            "write predict(…).argmax(axis=-1)",
        ),
        (
            r"keras\.(?:preprocessing\.image|src\.\w+)\.ImageDataGenerator|.*\.ImageDataGenerator",
            "ImageDataGenerator is deprecated",
            "use keras.utils.image_dataset_from_directory, and layers such as keras.layers.RandomFlip",
        ),
        (
            r"keras\.utils\.np_utils\b.*|keras\.preprocessing\.text\b.*|keras\.wrappers\b.*|keras\.layers\.(?:core"
            r"|convolutional|normalization|recurrent|embeddings|merge|advanced_activations)\b.*|keras\.engine\b.*"
            r"|keras\.objectives\b.*",
            "a module that Keras no longer has",
            "import the name from keras.layers, keras.utils or where the API documentation has it",
        ),
        (
            r"keras\.layers\.experimental\b.*|keras\.optimizers\.(?:legacy|experimental)\b.*|tensorflow\.keras\.experimental\b.*",
            "an experimental or legacy module that Keras no longer has",
            "import the name from keras.layers or keras.optimizers",
        ),
        (
            r"tensorflow\.(?:Session|placeholder|global_variables_initializer|get_variable|InteractiveSession"
            r"|set_random_seed|app|flags|layers|truncated_normal|random_normal|log|logging|gfile)\b.*"
            r"|tensorflow\.(?:contrib|examples|python|estimator|feature_column)\b.*"
            r"|tensorflow\.compat\.v1\b.*|keras\.backend\.(?:get_session|set_session|tensorflow_backend)\b.*",
            "an interface of TensorFlow 1",
            "write it with TensorFlow 2 and Keras 3: tf.Variable, tf.function, keras.layers",
        ),
        (
            r"numpy\.(?:float|int|bool|object|str|complex|long|unicode)|numpy\.(?:float_|Inf|NaN|product|cumproduct|alltrue"
            r"|sometrue|in1d|row_stack|trapz)",
            "a name that NumPy no longer has",
            "write float, int, bool, np.inf, np.nan, np.prod, np.isin, np.vstack",
        ),
    )
)
_QUIET_PYPLOT = frozenset(
    [
        "close",
        "style",
        "rcParams",
        "rc",
        "rcdefaults",
        "cm",
        "get_cmap",
        "colormaps",
        "ion",
        "ioff",
        "switch_backend",
        "set_cmap",
        "show",
        "interactive",
        "rc_context",
        "gcf",
        "gca",
        "savefig",
        "draw",
        "pause",
        "Figure",
        "Axes",
        "Normalize",
        "cycler",
        "imread",
        "imsave",
        "get_backend",
        "setp",
        "matplotlib",
        "clf",
        "cla",
        "Circle",
        "Rectangle",
        "Line2D",
        "Polygon",
        "LinearSegmentedColormap",
        "MaxNLocator",
    ]
)
_DRAWING_METHODS = frozenset(
    {"plot", "hist", "boxplot", "imshow", "scatter", "bar", "barh", "contourf", "matshow"}
)
_PICTURES = re.compile(
    r"PIL\.Image\.(?:open|fromarray|new)|keras\.(?:utils|preprocessing(?:\.image)?)\.(?:array_to_img|load_img)"
    r"|IPython\.display\.(?:Image|SVG)|keras\.utils\.plot_model|keras\.utils\.model_to_dot"
)
_OF_IPYTHON = frozenset({"display", "get_ipython", "In", "Out", "_", "__", "__file__", "__name__"})
_NAMING = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def needs_a_hand(tutorial: Tutorial, settings: Settings) -> list[TutorialError]:
    """Return all that a person has to see to before a parsed tutorial builds, in the order of its lines."""
    names = _Names(tutorial)
    found: dict[tuple[int, str], TutorialError] = {}

    def keep(error: TutorialError) -> None:
        found.setdefault((error.line or 0, error.message), error)

    for error in _refused(tutorial, settings):
        keep(error)
    rules: tuple[Callable[[Cell], Iterable[Finding]], ...] = (
        _magics,
        lambda cell: _data(cell, names),
        lambda cell: _idioms(cell, names),
        lambda cell: _unshown_outputs(cell, names),
        lambda cell: _figures_without_text(cell, names),
        _does_not_compile,
    )
    refused = {error.line for error in found.values()}
    for cell in tutorial.code_cells:
        for line, message, remedy in _packages(cell, settings):
            if (
                cell.line + line not in refused
            ):  # said by the engine, where it is not even installed
                keep(tutorial.error(SourceError, message, remedy, cell, line))
        for rule in rules:
            for line, message, remedy in rule(cell):
                keep(tutorial.error(SourceError, message, remedy, cell, line))
    for cell, line, message, remedy in _keras_data(tutorial, settings):
        keep(tutorial.error(SourceError, message, remedy, cell, line))
    for cell, line, name in _never_set(tutorial):
        remedy = "set it above, or take away what uses it: what set it may be commented out"
        keep(tutorial.error(SourceError, f"nothing sets the name {name}", remedy, cell, line))
    return sorted(found.values(), key=lambda error: error.line or 0)


# What the engine itself refuses


def _refused(tutorial: Tutorial, settings: Settings) -> Iterator[TutorialError]:
    """Yield what the engine's own checks refuse, as a build would say it."""
    lessons = load_course(settings, BuildCache(settings.cache))
    lesson = next((each for each in lessons if each.file == tutorial.file), None)
    if lesson and lesson.error:
        yield from lesson.error.faults
    yield from _images_without_file(tutorial, settings)
    yield from _anchors(tutorial)


def _images_without_file(tutorial: Tutorial, settings: Settings) -> Iterator[TutorialError]:
    """Yield what an image that lacks its text lacks beside it; a build says one thing of each image."""
    for link in links(tutorial):
        if link.is_image and not link.text.strip():
            target = f"<{link.target}>" if re.search(r"[\s()]", link.target) else link.target
            text = "\n" * (link.line - 1) + f"![shown]({target})"
            alone = replace(tutorial, cells=(replace(link.cell, source=text),))
            yield from check_links(alone, settings, ())


def _anchors(tutorial: Tutorial) -> Iterator[SourceError]:
    """Yield each link into the page that leads to no heading; the site's strict build refuses it."""
    prose = "\n\n".join(cell.source for cell in tutorial.cells if not cell.is_code)
    known: set[str] | None = None
    for link in links(tutorial):
        if not link.target.startswith("#") or link.is_image:
            continue
        if known is None:
            known = {anchor for level in range(2, 7) for _, anchor in headings(prose, level)}
            known |= set(re.findall(r"\b(?:id|name)=[\"']?([^\s\"'>]+)", mask(prose)))
        if link.target[1:] not in known:
            yield tutorial.error(
                SourceError,
                f"the link to {link.target} leads to no heading of this page",
                f"name one of {', '.join(f'#{each}' for each in sorted(known)) or '(no heading)'}",
                link.cell,
                link.line,
            )


# What stands in the code


def _never_set(tutorial: Tutorial) -> Iterator[tuple[Cell, int, str]]:
    """Yield the first use of each name that no cell sets, wherever in a cell that may be."""
    known = {*dir(builtins), *_OF_IPYTHON}
    used: dict[str, tuple[Cell, int, str]] = {}
    for cell in tutorial.code_cells:
        for each in facts(cell.source).imports:
            if each.name == "*":
                return
            known.add(each.alias.partition(".")[0])
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.setdefault(node.id, (cell, node.lineno, node.id))
            elif isinstance(node, ast.Name):
                known.add(node.id)
            elif isinstance(node, ast.arg):
                known.add(node.arg)
            elif isinstance(node, _NAMING) and node.name:
                known.add(node.name)
            elif isinstance(node, ast.MatchMapping) and node.rest:
                known.add(node.rest)
    yield from (place for name, place in used.items() if name not in known)


class _Names:
    """What the names of a tutorial's code stand for: `plt` for `matplotlib.pyplot`.

    Attributes:
        written: the texts that are given to what writes files.
        passed: the variables that are.
        draws: the functions that draw a figure without text.
        pictures: the variables that hold a picture.
    """

    def __init__(self, tutorial: Tutorial) -> None:
        self._meant: dict[str, str] = {}
        self.written: set[str] = set()
        self.passed: set[str] = set()
        self.draws: set[str] = set()
        self.pictures: set[str] = set()
        for cell in tutorial.code_cells:
            for each in facts(cell.source).imports:
                if each.name:
                    self._meant[each.alias] = _short(f"{each.module}.{each.name}")
                elif each.alias != each.module:
                    self._meant[each.alias] = _short(each.module)
        for cell in tutorial.code_cells:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and _is_writing(node, self):
                    for part in _say_where(node, self.of(node.func)):
                        self.written |= {each for text in _texts(part) for each in _as_files(text)}
                        self.passed |= set(_variables(part))
                elif isinstance(node, ast.Assign) and _is_picture(node.value, self):
                    self.pictures |= {
                        each.id for each in node.targets if isinstance(each, ast.Name)
                    }
        for _ in range(3):  # a function may draw by another one, which may stand below it
            for cell in tutorial.code_cells:
                for node in ast.walk(ast.parse(cell.source)):
                    if isinstance(node, ast.FunctionDef) and _shown(node.body, self):
                        self.draws.add(node.name)

    def of(self, node: ast.expr) -> str:
        """Return the dotted name that an expression stands for, `?` for what is no name in it."""
        if isinstance(node, ast.Name):
            return self._meant.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return _short(f"{self.of(node.value)}.{node.attr}")
        return "?"


def _short(name: str) -> str:
    return re.sub(r"^(?:tensorflow\.keras|tensorflow\.python\.keras)\b", "keras", name)


def _is_writing(node: ast.Call, names: _Names) -> bool:
    name = names.of(node.func)
    if name in ("open", "io.open"):
        mode = (
            node.args[1]
            if len(node.args) > 1
            else next((each.value for each in node.keywords if each.arg == "mode"), None)
        )
        return isinstance(mode, ast.Constant) and bool(set("wax") & set(str(mode.value)))
    return bool(_WRITES.fullmatch(name))


def _is_picture(node: ast.AST, names: _Names) -> bool:
    return isinstance(node, ast.Call) and bool(_PICTURES.fullmatch(names.of(node.func)))


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _variables(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id


def _given(call: ast.Call) -> list[ast.expr]:
    """Return what a call is given."""
    return [*call.args, *(each.value for each in call.keywords)]


def _say_where(call: ast.Call, name: str) -> list[ast.expr]:
    """Return what of a writing call may say where it writes: of `file.write(text)` what stands before it."""
    return [call.func] if _WRITES_WHAT_IT_IS_GIVEN.fullmatch(name) else _given(call)


def _as_files(text: str) -> Iterator[str]:
    """Yield the names of the file that a path names: `save("a")` may write `a.npy`."""
    if text:
        path = PurePosixPath(text)
        yield path.as_posix()
        yield path.with_suffix("").as_posix() if path.name else path.as_posix()


def _called(call: ast.Call) -> Iterator[ast.expr]:
    for given in call.args:
        for node in ast.walk(given):
            if isinstance(node, ast.Call):
                yield node.func


def _calls(cell: Cell) -> list[ast.Call]:
    nodes = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return sorted(nodes, key=lambda node: (node.lineno, node.col_offset))


def _magics(cell: Cell) -> Iterator[Finding]:
    """Yield the magics and shell lines, which stand in comments."""
    in_strings = {
        line
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno != node.lineno
        for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
    is_all = not ast.parse(cell.source).body
    for number, line in enumerate(cell.source.split("\n"), start=1):
        bare = re.sub(r"^\s*pass\s+(?=#)", "", line)
        magic = commented_magic(bare)
        if magic is None or number in in_strings:
            continue
        remedy = _instead_of(magic)
        if is_all:
            remedy = re.sub("^delete it", "delete the cell", remedy)
        yield number, f"{_kind_of(magic)}, commented out: {magic}", remedy
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Name) and node.id == "get_ipython":
            yield node.lineno, "a call of IPython, which no script has", _instead_of("%")


def _kind_of(magic: str) -> str:
    if magic.startswith("%%"):
        return "a cell magic"
    if re.match(r"!|[\w., ]+= ?!", magic):
        return "a shell line"
    return "a question to IPython" if magic.startswith("?") else "a magic"


def _instead_of(magic: str) -> str:
    if re.match(r"[!%]+\s*(?:python3? -m )?(?:pip|conda|mamba|uv|apt|apt-get)\b", magic):
        return "delete it: packages come from pyproject.toml, where those that the page needs are named, and the lock"
    if magic.startswith("%matplotlib"):
        return "delete it: the build shows figures as they are"
    if re.match(r"%%?(?:time|timeit|prun)\b", magic):
        return "delete it, or measure with time.perf_counter() in a cell tagged measured"
    if re.match(r"%%(?:writefile|file)\b", magic):
        return "write the file with pathlib.Path(…).write_text(…), or delete it"
    if re.match(r"%(?:load_ext|reload_ext|autoreload|tensorboard|config)\b", magic):
        return "delete it: a page has no extension of IPython"
    if re.match(r"!+\s*(?:wget|curl|git clone|gdown|kaggle)\b", magic):
        return _BRING_DATA
    return "delete it, or say the same in Python"


def _packages(cell: Cell, settings: Settings) -> Iterator[Finding]:
    brought = _brought(settings)
    for each in facts(cell.source).imports:
        top = each.module.partition(".")[0]
        full = f"{each.module}.{each.name}" if each.name else each.module
        if each.level:
            continue  # of snippets, as the engine reads it
        if top == "google" and full.startswith("google.colab"):
            yield (
                each.line,
                "google.colab, which only Colab has",
                ("delete it with what uses it: files are published as data or written by a cell"),
            )
        elif top in sys.stdlib_module_names or top in ("snippets", "tutorial_engine"):
            continue
        elif not _is_brought(full, top, brought):
            yield (
                each.line,
                f"the package of {top} is not one of the course's",
                (
                    f"name it in pyproject.toml under dependencies and run make lock, or do without {top}"
                ),
            )


def _brought(settings: Settings) -> set[str] | None:
    """Return the distributions that the project brings, None where it does not say."""
    try:
        project = tomllib.loads((settings.root / "pyproject.toml").read_text(encoding="utf-8")).get(
            "project", {}
        )
    except (OSError, ValueError):
        return None
    named = [Requirement(each).name for each in project.get("dependencies", ())]
    return required_by(named) if named else None


def _is_brought(full: str, top: str, brought: set[str] | None) -> bool:
    distribution = distribution_of(top)
    if distribution is None or (
        brought is not None and canonicalize_name(distribution) not in brought
    ):
        return False
    spec = importlib.util.find_spec(top)
    if spec is None:
        return False
    second = full.split(".")[:2]
    if spec.origin is not None or len(second) < 2:
        return True
    try:  # a name that several distributions share, `google` or `mpl_toolkits`
        return importlib.util.find_spec(".".join(second)) is not None
    except (ImportError, ValueError):
        return False


def _data(cell: Cell, names: _Names) -> Iterator[Finding]:
    for call in _calls(cell):
        name = names.of(call.func)
        method = name.rpartition(".")[2]
        given = next(_texts_given(call), "")
        shown = f" {given}" if given else ""
        if name.startswith("google.colab"):
            continue
        if _FETCHES.fullmatch(name):
            yield (
                call.lineno,
                f"data from elsewhere: {method}{'' if not shown else ' of'}{shown}",
                _BRING_DATA,
            )
        elif _WEIGHTS.fullmatch(name) and _fetches_weights(call):
            yield call.lineno, f"weights from elsewhere: {method}", _BRING_WEIGHTS
        elif name == "input":
            yield call.lineno, "a question to whoever runs it: input", "set the value in the cell"
        elif _READS.fullmatch(name) or method in _READING_METHODS:
            is_own = bool(names.written & set(_as_files(given)))
            is_own = is_own or any(set(_variables(each)) & names.passed for each in _given(call))
            is_own = is_own or any(names.of(each) in _IN_MEMORY for each in _called(call))
            if not is_own and not _is_writing(call, names):
                yield (
                    call.lineno,
                    f"a file that the run has not written: {method} of {given or 'a name'}",
                    _BRING_DATA,
                )


def _texts_given(call: ast.Call) -> Iterator[str]:
    for each in _given(call):
        yield from _texts(each)


def _fetches_weights(call: ast.Call) -> bool:
    given = next((each.value for each in call.keywords if each.arg == "weights"), None)
    return not (isinstance(given, ast.Constant) and given.value is None)


def _keras_data(tutorial: Tutorial, settings: Settings) -> Iterator[tuple[Cell, int, str, str]]:
    """Yield what is loaded from the course in place of Keras's; what the course lacks the engine refuses."""
    cells, known = tutorial.code_cells, data_names(settings)
    for at, name, line in keras_data([cell.source for cell in cells]):
        if (data := name.replace("_", "-")) in known:
            remedy = (
                f"the header names {data}, so this loads the course's edition of it; "
                f"snippets/datasets.py also gives validation data: load_{name}(edition=…)"
            )
            yield cells[at], line, f"data of keras.datasets: {name}", remedy


def _idioms(cell: Cell, names: _Names) -> Iterator[Finding]:
    tree = ast.parse(cell.source)
    for call in _calls(cell):
        name = names.of(call.func)
        for keyword in call.keywords:
            if keyword.arg in ("input_shape", "input_dim", "batch_input_shape") and _LAYERS.search(
                name
            ):
                yield (
                    keyword.value.lineno,
                    f"{keyword.arg}= on a layer",
                    ("begin the network with keras.Input(shape): Keras warns of the other way"),
                )
            elif keyword.arg in ("lr", "decay") and _OPTIMIZERS.search(name):
                yield (
                    keyword.value.lineno,
                    f"{keyword.arg}= of an optimizer",
                    (
                        "write learning_rate=, and a schedule of keras.optimizers.schedules for its decay"
                    ),
                )
            elif keyword.arg in (
                "workers",
                "use_multiprocessing",
                "max_queue_size",
            ) and name.endswith(".fit"):
                yield (
                    keyword.value.lineno,
                    f"{keyword.arg}= of fit, which Keras 3 does not take",
                    ("delete it: a data set has its own (prefetch, num_parallel_calls)"),
                )
            elif keyword.arg == "save_format":
                yield (
                    keyword.value.lineno,
                    "save_format=, which Keras 3 does not take",
                    ("name the file NAME.keras, or call model.export for a SavedModel"),
                )
    imported = [
        (each.line, _short(f"{each.module}.{each.name}" if each.name else each.module))
        for each in facts(cell.source).imports
        if not each.level
    ]
    used = [
        (node.lineno, names.of(node)) for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    ]
    used += [
        (node.lineno, names.of(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and names.of(node) != node.id
    ]
    for line, name in (*imported, *used):
        for pattern, message, remedy in _OLD_NAMES:
            if pattern.fullmatch(name):
                yield line, f"{message}: {name}", remedy
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if node.value in ("acc", "val_acc"):
            said = node.value.replace("acc", "accuracy")
            yield node.lineno, f"the key '{node.value}' of older releases", f"write '{said}'"
        elif re.fullmatch(r"\S+\.(?:h5|hdf5)", node.value):
            yield (
                node.lineno,
                f"a network in HDF5: {node.value}",
                "name the file NAME.keras, Keras's own format",
            )
        elif re.fullmatch(r"seaborn(?:-(?!v0)\w+)*", node.value) and "style" in cell.source:
            yield (
                node.lineno,
                f"a style that Matplotlib no longer has: {node.value}",
                "leave the style to the site",
            )


def _unshown_outputs(cell: Cell, names: _Names) -> Iterator[Finding]:
    """Yield the outputs that no page shows."""
    for call in _calls(cell):
        name = names.of(call.func)
        if name in _ELSEWHERE:
            yield (
                call.lineno,
                f"{_ELSEWHERE[name]}, which no page shows",
                "say what it is, and link to it",
            )
        elif name.endswith((".to_jshtml", ".to_html5_video")):
            yield (
                call.lineno,
                "an animation, which no page shows",
                "draw a few of its frames side by side",
            )


# Figures


def _figures_without_text(cell: Cell, names: _Names) -> Iterator[Finding]:
    """Yield each figure that a cell shows without a text."""
    if cell.tags & {"starter", "check"}:
        return
    body = ast.parse(cell.source).body
    for line in _shown(body, names):
        yield line, "a figure without text", _FIGURE_REMEDY
    yield from _pictures(body, names)


def _shown(body: list[ast.stmt], names: _Names) -> list[int]:
    """Return the line of each figure without text that these statements show, the last one left open."""
    found: list[int] = []
    drawn, has_text = 0, False
    for node in _in_order(body):
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "alt"
            and isinstance(node.ctx, ast.Store)
        ):
            has_text = True
        elif isinstance(node, ast.Call) and names.of(node.func) == "setattr":
            has_text = has_text or "alt" in _texts(node)
        elif isinstance(node, ast.Call):
            name = names.of(node.func)
            if _is_show(node):
                found += [node.lineno] if drawn and not has_text else []
                drawn, has_text = 0, False
            elif name == "matplotlib.pyplot.close":
                # What is closed and left as the last expression has a text or is counted by its picture.
                drawn, has_text = (0, False) if not has_text else (drawn, True)
            elif name in names.draws:
                found.append(node.lineno)
            elif _is_drawing(name):
                drawn = drawn or node.lineno
    return found + ([drawn] if drawn and not has_text else [])


def _in_order(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes below statements as they run, those of functions and classes left out, arguments first."""
    for node in body:
        if isinstance(node, _DEFINITIONS):
            continue
        yield from _in_order(ast.iter_child_nodes(node))
        yield node


def _is_show(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "show"
        and not node.args
    )


def _is_drawing(name: str) -> bool:
    module, _, last = name.rpartition(".")
    if module == "matplotlib.pyplot":
        return last not in _QUIET_PYPLOT
    if module.startswith(("seaborn", "pandas.plotting")):
        return not last.startswith(("set", "load_", "color_palette", "despine"))
    if module.endswith("Display") and last.startswith("from_"):
        return True
    return last in _DRAWING_METHODS and bool(module)


def _pictures(body: list[ast.stmt], names: _Names) -> Iterator[Finding]:
    """Yield the pictures that a cell displays without saying what they show."""
    remedy = (
        'write Image(data, alt="…"), or display(image, metadata={"image/png": {"alt": "…"}}): a sentence that says '
        "what it shows"
    )
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    shown = [last] if last is not None else []
    for node in _in_order(body):
        is_display = isinstance(node, ast.Call) and names.of(node.func) in (
            "display",
            "IPython.display.display",
        )
        if (
            isinstance(node, ast.Call)
            and is_display
            and not any(each.arg == "metadata" for each in node.keywords)
        ):
            shown += node.args
    for each in shown:
        is_picture = isinstance(each, ast.Call) and _PICTURES.fullmatch(names.of(each.func))
        is_named = isinstance(each, ast.Name) and each.id in names.pictures
        if is_named or (is_picture and not any(keyword.arg == "alt" for keyword in each.keywords)):  # type: ignore[attr-defined]
            yield each.lineno, "a picture without text", remedy


def _does_not_compile(cell: Cell) -> Iterator[Finding]:
    """Yield what Python refuses of code that reads: a `return` outside a function."""
    try:
        compile(cell.source, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        yield getattr(error, "lineno", 0) or 0, f"not Python: {error}", "correct the cell"
