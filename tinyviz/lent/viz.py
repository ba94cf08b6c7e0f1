"""Stand-in for `import viz` without a viz of the user's: tinyviz.viz itself."""

import tinyviz

tinyviz.short_names.lend(__name__)
