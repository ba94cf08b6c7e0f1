"""What `import tinytorch` finds where the user has no tinytorch: tinyviz.tinytorch itself."""

import tinyviz

tinyviz.short_names.lend(__name__)
