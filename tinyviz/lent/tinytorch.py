"""Stand-in for `import tinytorch` without a tinytorch of the user's: tinyviz.tinytorch itself."""

import tinyviz

tinyviz.short_names.lend(__name__)
