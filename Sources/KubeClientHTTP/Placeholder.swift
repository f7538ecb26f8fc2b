// KubeClientHTTP
