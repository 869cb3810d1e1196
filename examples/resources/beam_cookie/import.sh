# Takes over a cookie that is already in use. Nothing is replaced afterwards.
terraform import beam_cookie.chat KMZWIWWTBVPEBURCLHVQ
