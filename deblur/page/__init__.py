"""The page's own tab: a blurred photo goes in, a sharper one comes out.

Importing it raises BackendUnavailableError where the extra `page` is not installed.
"""

from deblur.errors import BackendUnavailableError
from deblur.extras import lack_of

if _lacking := lack_of("the page", "gradio", extra="page"):
    raise BackendUnavailableError(_lacking)
