"""The packages that are said: the user's, and none that came with the kernel."""

import os

from support import ROOT, SessionCase

NEVER = "demo-of-the-overlay"


class Packages(SessionCase):
    """environment of a capture."""

    def names(self, folder, options):
        """Distributions that are said where a folder with one of its own is on the path."""
        inside = os.path.join(folder, "demo_of_the_overlay-1.0.dist-info")
        os.makedirs(inside)
        with open(os.path.join(inside, "METADATA"), "w", encoding="utf-8") as file:
            file.write("Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n" % NEVER)
        capture = self.run_cells(["import sys; sys.path.append(%r)" % folder], options=options)
        return {package["name"].lower() for package in capture.json["packages"]}

    def test_the_kernel_s_own_folder_is_left_out(self):
        folder = os.path.join(self.scratch, "given")
        names = self.names(folder, {"kernel_overlay": os.path.join(self.scratch, ".", "given")})
        self.assertNotIn(NEVER, names)
        self.assertIn("scikit-learn", names)
        self.assertNotIn("skl2onnx", names)

    def test_a_folder_of_the_user_is_kept(self):
        self.assertIn(NEVER, self.names(os.path.join(self.scratch, "mine"), {"kernel_overlay": ROOT}))
