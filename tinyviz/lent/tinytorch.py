"""What `import tinytorch` finds where the user has no tinytorch: tinyviz.tinytorch itself."""

import tinyviz

tinyviz.names.lend(__name__)
