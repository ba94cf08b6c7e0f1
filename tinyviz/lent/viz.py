"""What `import viz` finds where the user has no viz: tinyviz.viz itself."""

import tinyviz

tinyviz.short_names.lend(__name__)
