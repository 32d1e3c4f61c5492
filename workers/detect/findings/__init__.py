"""What to look for besides suspicious labels: the detectors of `workers.issues.kinds`, given names and facts.

`seen` is what they look at, whatever it was made from; `store` makes it from a project's rows.
"""

from workers.detect.findings.detect import Draft, ScanFindings, detect_findings
from workers.detect.findings.rows import Answered, Factor, LabelledRows

__all__ = ["Answered", "Draft", "Factor", "LabelledRows", "ScanFindings", "detect_findings"]
