# Takes over a cookie that is already in use. Nothing is replaced afterwards.
terraform import erlang_cookie.chat KMZWIWWTBVPEBURCLHVQ
