"""What `import viz` finds where the user has no viz: tinyviz.viz itself."""

import tinyviz

tinyviz.names.lend(__name__)
