"""Size limits of graphs and pictures.

Sizes in px, and lengths of texts, are defined where they are used. docs/large.md lists the limits
that a user notices.
"""

# ---- Facts of a graph
KEPT_NUMBERS = 64                # numbers: a larger array is kept as its statistics
LOCAL_NUMBERS = 4096             # numbers: a larger result has no local derivatives
META_NUMBERS = 2**22             # numbers: a larger tensor loses its values on the meta device
LOOP_STEPS = 256                 # steps: a longer loop of JAX's is one node
FORMULA_OPS = 400                # ops: a larger graph has no formulas on edges
SHORT_EXPRESSION_OPS = 75        # ops: in a larger graph expressions are cut to a few ops

# ---- Drawing
FOLD_NODES = 150                 # nodes: a larger graph is folded, without --fold
LABELED_EDGES = 80               # edges: a larger graph has no edge labels, without --edges
CANVAS_NODES = 400               # nodes: a larger html page paints on a canvas
FLOAT32_NODES = 20_000           # nodes: a larger html page keeps numbers as float32
SINGLE_STEPS = 80                # contributions: with more, a step of the animation is a whole op
ANIMATION_STEPS = 400            # steps: a longer animation is refused
ANIMATION_PIXELS = 300_000_000   # pixels of all frames: a larger GIF is refused
SIDE_PIXELS = 32_000             # pixels on a side: a larger PNG is drawn at fewer dpi

# ---- Layout
CROSSING_ITEMS = 80              # nodes and bends: in a smaller part more effort reduces crossings
ARRAY_NODES = 12_000             # nodes: a larger html page is laid out on arrays, without labels

# ---- Writing the viewer instead
NOTEBOOK_TENSORS = 10_000        # tensors: a larger result in a notebook is text
NOTEBOOK_ITEMS = 1_000           # nodes and joints: so is one that is larger even when folded
UNNAMED_NODES = 2_000            # nodes: a larger picture without -o is the viewer
PIXEL_NODES = 4_000              # nodes: so is a larger png or gif
PICTURE_NODES = 12_000           # nodes: so is any larger picture; Python raises an error
PICTURE_ITEMS = 60_000           # nodes and joints of long edges: so is one of more; folds close
