//! How a distribution is called where its module has another name.

/// Module and distribution; every other module is taken to be called as its distribution is.
pub(crate) const DISTRIBUTIONS: &[(&str, &str)] = &[
    ("Bio", "biopython"),
    ("Crypto", "pycryptodome"),
    ("IPython", "ipython"),
    ("MySQLdb", "mysqlclient"),
    ("PIL", "pillow"),
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("category_encoders", "category-encoders"),
    ("cv2", "opencv-python"),
    ("dateutil", "python-dateutil"),
    ("distutils", "setuptools"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("fbprophet", "prophet"),
    ("fitz", "PyMuPDF"),
    ("git", "GitPython"),
    ("imblearn", "imbalanced-learn"),
    ("jwt", "PyJWT"),
    ("kerastuner", "keras-tuner"),
    ("keras_tuner", "keras-tuner"),
    ("magic", "python-magic"),
    ("mpl_toolkits", "matplotlib"),
    ("osgeo", "GDAL"),
    ("pkg_resources", "setuptools"),
    ("pptx", "python-pptx"),
    ("psycopg2", "psycopg2-binary"),
    ("pytorch_lightning", "pytorch-lightning"),
    ("sentence_transformers", "sentence-transformers"),
    ("serial", "pyserial"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("skopt", "scikit-optimize"),
    ("sksurv", "scikit-survival"),
    ("tensorflow_datasets", "tensorflow-datasets"),
    ("tensorflow_hub", "tensorflow-hub"),
    ("umap", "umap-learn"),
    ("wx", "wxPython"),
    ("yaml", "PyYAML"),
];

/// The distribution that usually has a module.
pub(crate) fn distribution_of(module: &str) -> &str {
    let top = module.split('.').next().unwrap_or(module);
    match top {
        "google" if module.starts_with("google.protobuf") => "protobuf",
        "google" if module.starts_with("google.cloud.bigquery") => "google-cloud-bigquery",
        "google" if module.starts_with("google.cloud.storage") => "google-cloud-storage",
        _ => DISTRIBUTIONS.iter().find(|(name, _)| *name == top).map_or(top, |(_, name)| name),
    }
}
