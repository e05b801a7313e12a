"""Which words are known?  Folded English and Vietnamese words for colours, styles, ratios, commands, light and mood."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

from .words import split

__all__ = [
    "ACCENTED",
    "COLORS", "COMMAND_WORDS", "EN_MARKERS", "IMAGINATION", "KEYWORDS_VI", "LIGHT_STYLES", "NUMBERS", "SLANG", "STYLES", "VI_MARKERS",
]  # fmt: skip

# words that are others without their accents, by something that only they mean
ACCENTED: dict[str, str] = {
    "ảnh": "hinh",
    "ám": "cast",
    "tôi": "minh",
    "đừng": "dont",
    "dùng": "ap dung",
    "trăng": "moon",
    "phở": "noodles",
    "vương": "king",
    "mơ": "dream",
    "đèn": "lamp",
    "bờ": "shore",
    "mún": "muon",
    "bức": "buc",
    "rọi": "chieu",
    "nội": "noii",
    "cánh": "wing",
    "bán": "sell",
    "nến": "candle",
    "chú": "con",
    "chợ": "market",
    "tới": "den noi",
    "tìm": "find",
    "cát": "sand",
    "bơ": "butter",
    "lạt": "laat",
}

COLORS: dict[str, str] = {
    "white": "#ffffff", "black": "#000000", "red": "#ff0000", "green": "#008000", "blue": "#0000ff", "yellow": "#ffff00", "orange": "#ffa500",
    "purple": "#800080", "pink": "#ffc0cb", "gray": "#808080", "grey": "#808080", "brown": "#8b4513", "cyan": "#00ffff", "teal": "#008080",
    "magenta": "#ff00ff", "gold": "#ffd700", "golden": "#ffd700", "silver": "#c0c0c0", "beige": "#f5f5dc", "navy": "#000080", "navy blue": "#000080",
    "sky blue": "#87ceeb", "light blue": "#add8e6", "dark blue": "#00008b", "baby blue": "#89cff0", "light green": "#90ee90", "dark green": "#006400",
    "light gray": "#d3d3d3", "light grey": "#d3d3d3", "dark gray": "#404040", "dark grey": "#404040", "dark red": "#8b0000", "hot pink": "#ff69b4",
    "lime": "#00ff00", "turquoise": "#40e0d0", "violet": "#ee82ee", "lavender": "#e6e6fa", "cream": "#fffdd0", "maroon": "#800000", "mint": "#98ff98",
    "coral": "#ff7f50", "ivory": "#fffff0", "olive": "#808000", "peach": "#ffdab9", "burgundy": "#800020",
    "trang": "#ffffff", "den": "#000000", "do": "#ff0000", "xanh la cay": "#008000", "xanh la": "#008000", "xanh luc": "#008000",
    "xanh duong": "#0000ff", "xanh lam": "#0000ff", "xanh nuoc bien": "#0000ff", "xanh da troi": "#87ceeb", "xanh ngoc": "#40e0d0", "xanh": "#0000ff",
    "xanh navy": "#000080", "xanh duong nhat": "#add8e6", "xanh duong dam": "#00008b", "xanh nhat": "#add8e6", "vang": "#ffff00", "cam": "#ffa500",
    "tim": "#800080", "hong": "#ffc0cb", "xam": "#808080", "nau": "#8b4513", "be": "#f5f5dc", "kem": "#fffdd0", "bac": "#c0c0c0",
    "vang kim": "#ffd700", "do do": "#8b0000", "do dam": "#8b0000", "xanh bien": "#0000ff",
}  # fmt: skip

NUMBERS: dict[str, int] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "first": 1, "second": 2,
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6,
    "mot": 1, "hai": 2, "ba": 3, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9, "muoi": 10, "nhat": 1, "nhi": 2, "tu": 4, "dau tien": 1, "dau": 1,
    "a couple of": 2, "couple": 2, "vai": 3,
}  # fmt: skip

# phrase (folded) → the declaration's style, and what is written into a prompt
STYLES: dict[str, tuple[str | None, str]] = {
    "photorealistic": ("photorealistic", "photorealistic"), "photo realistic": ("photorealistic", "photorealistic"), "realistic": ("photorealistic", "photorealistic"),
    "hyperrealistic": ("photorealistic", "photorealistic"), "chan thuc": ("photorealistic", "photorealistic"), "nhu that": ("photorealistic", "photorealistic"),
    "digital art": ("digital-art", "digital art"), "digital painting": ("digital-art", "digital painting"), "tranh ky thuat so": ("digital-art", "digital art"),
    "anime": ("anime", "anime"), "manga": ("anime", "manga"), "ghibli": ("anime", "Studio Ghibli anime"), "hoat hinh nhat": ("anime", "anime"),
    "watercolor": ("watercolor", "watercolor"), "watercolour": ("watercolor", "watercolor"), "water color": ("watercolor", "watercolor"), "mau nuoc": ("watercolor", "watercolor"),
    "oil painting": ("oil-painting", "oil painting"), "oil paint": ("oil-painting", "oil painting"), "son dau": ("oil-painting", "oil painting"),
    "pencil sketch": ("sketch", "pencil sketch"), "pencil drawing": ("sketch", "pencil drawing"), "sketch": ("sketch", "sketch"), "line art": ("sketch", "line art"),
    "phac thao": ("sketch", "sketch"), "ve chi": ("sketch", "pencil drawing"), "but chi": ("sketch", "pencil drawing"), "charcoal": ("sketch", "charcoal drawing"),
    "ky hoa": ("sketch", "sketch"),
    "3d render": ("3d", "3D render"), "3d": ("3d", "3D render"), "pixel art": ("pixel-art", "pixel art"), "8 bit": ("pixel-art", "pixel art"), "8-bit": ("pixel-art", "pixel art"),
    "pixelart": ("pixel-art", "pixel art"), "clay": ("3d", "claymation"), "claymation": ("3d", "claymation"), "lego": ("3d", "lego bricks"), "pixar": ("3d", "Pixar 3D animation"),
    "cartoon": (None, "cartoon"), "hoat hinh": (None, "cartoon"), "comic book": (None, "comic book"), "comic": (None, "comic book"), "truyen tranh": (None, "comic book"),
    "pop art": (None, "pop art"), "impressionist": (None, "impressionist painting"), "impressionism": (None, "impressionist painting"), "an tuong": (None, "impressionist painting"),
    "cyberpunk": (None, "cyberpunk"), "steampunk": (None, "steampunk"), "vaporwave": (None, "vaporwave"), "synthwave": (None, "synthwave"), "art deco": (None, "art deco"),
    "van gogh": (None, "in the style of Van Gogh"), "monet": (None, "in the style of Monet"), "picasso": (None, "in the style of Picasso"), "ukiyo-e": (None, "ukiyo-e print"),
    "ukiyo e": (None, "ukiyo-e print"), "low poly": (None, "low poly"), "vintage": (None, "vintage"), "retro": (None, "retro"), "co dien": (None, "vintage"), "minimalist": (None, "minimalist"),
    "painting": (None, "painting"), "drawing": ("sketch", "drawing"), "tranh ve": (None, "painting"), "stained glass": (None, "stained glass"), "mosaic": (None, "mosaic"),
    "fantasy": (None, "fantasy"), "gothic": (None, "gothic"), "surreal": (None, "surreal"), "sieu thuc": (None, "surreal"), "abstract": (None, "abstract"), "truu tuong": (None, "abstract"),
    "tranh lua": (None, "silk painting"), "son mai": (None, "lacquer painting"), "tranh dong ho": (None, "Dong Ho woodcut"), "thuy mac": (None, "ink wash painting"), "ink wash": (None, "ink wash painting"),
    "tranh": (None, "painting"), "chibi": ("anime", "chibi anime"), "crayon": (None, "crayon drawing"),
}  # fmt: skip

IMAGINATION: dict[str, str] = {
    "wild": "wild", "crazy": "wild", "extreme": "wild", "wildly": "wild", "insane": "wild", "bold": "wild", "pha cach": "wild", "dien ro": "wild", "tao bao": "wild", "khac la": "wild",
    "tuy y": "wild", "bay bong": "vivid", "vivid": "vivid", "creative": "vivid", "imaginative": "vivid", "sang tao": "vivid", "moderate": "vivid", "surprise": "wild", "wilder": "wild", "crazier": "wild", "bolder": "wild", "dien": "wild", "bung no": "wild",
    "subtle": "subtle", "slight": "subtle", "slightly": "subtle", "gentle": "subtle", "a little": "subtle", "nhe nhang": "subtle", "nhe": "subtle", "mot chut": "subtle",
    "tinh te": "subtle",
}  # fmt: skip

LIGHT_STYLES: dict[str, str] = {
    "dramatic": "dramatic", "kich tinh": "dramatic", "moody": "dramatic", "soft": "soft", "softer": "soft", "diu": "soft", "mem": "soft", "mem mai": "soft", "diu nhe": "soft", "diu hon": "soft",
    "natural": "natural", "tu nhien": "natural", "cinematic": "cinematic", "dien anh": "cinematic", "dien hinh": "cinematic", "darker but realistic": "darker_but_realistic", "clean": "clean", "studio": "clean",
    "smooth": "smooth", "sach": "clean",
}  # fmt: skip

SLANG: dict[str, str] = {
    "pls": "please", "plz": "please", "plss": "please", "pic": "picture", "pics": "pictures", "img": "image", "imgs": "images", "bg": "background", "bgr": "background", "bkg": "background",
    "backgrnd": "background", "bckground": "background", "u": "you", "ur": "your", "thx": "thanks", "tks": "thanks", "tysm": "thanks", "ty": "thanks", "wanna": "want to", "gimme": "give me", "lemme": "let me",
    "gonna": "going to", "dc": "duoc", "mk": "minh", "mik": "minh", "hok": "khong", "khum": "khong", "hong'": "khong", "kg": "khong", "fong": "phong", "fông": "phong", "hinhf": "hinh",
    "phongf": "phong", "vs": "voi", "rui": "roi", "rùi": "roi", "bigr": "bigger", "bw": "black and white", "b&w": "black and white", "b/w": "black and white", "hd": "hd", "rm": "remove", "coz": "because",
    "nx": "nua", "thui": "thoi", "lun": "luon", "nhiu": "nhieu", "xiu": "chut", "tiu": "chut", "xíu": "chut", "2day": "today", "4x": "4x", "lm": "lam", "removebg": "remove background", "nobg": "no background",
    "outta": "out of", "colour": "color", "colours": "colors", "grey": "gray", "greyscale": "grayscale", "centre": "center", "pixelate": "pixelate", "chutt": "chut", "thik": "thich", "mún": "muon", "j": "gi", "ik": "di", "iu": "yeu", "bjo": "bay gio", "bik": "biet", "bít": "biet", "wa": "qua", "qa": "qua", "wá": "qua", "hem": "khong", "trc": "truoc",
    "dum": "gium", "giùm": "gium", "dùm": "gium", "dzay": "vay", "zay": "vay", "zậy": "vay", "hoy": "thoi", "hông": "khong", "nhìu": "nhieu", "ntn": "nhu the nao", "kthuoc": "kich thuoc", "btw": "by the way", "rez": "resolution", "hi-rez": "high resolution", "colourful": "colorful",
    "hi-res": "high resolution", "hires": "high resolution", "transp": "transparent", "pngs": "png", "jpgs": "jpg", "vid": "video", "vids": "videos", "brite": "bright", "teh": "the", "tha": "the", "abit": "a bit", "alot": "a lot", "lil": "little", "dlt": "delete", "bgs": "backgrounds", "backround": "background", "brownish": "sepia",
}  # fmt: skip

# the words that a slip of the finger is put right to, the likelier first
COMMAND_WORDS: tuple[str, ...] = split(
    "remove background backdrop upscale enlarge bigger larger resolution double twice quadruple create generate draw paint picture "
    "image photo sunset reimagine variation relight lighting expand extend widen outpaint rotate clockwise counterclockwise "
    "degrees crop square bright brighter brightness brighten brightens darker darken lighter lighten contrast saturation saturated "
    "warmer cooler colder grayscale black white sepia blur blurry blurred sharpen sharper caption transparent transfer style "
    "watercolor flip horizontal horizontally vertical vertically mirror resize pixels percent enhance increase decrease reduce "
    "please thanks another again dramatic cinematic golden purple orange yellow green pink round corners rounded portrait "
    "landscape replace first second third previous undo mountains mountain forest ocean cartoon sketch painting write delete erase "
    "colors color vivid vibrant subject cutout isolate quality noise noisy right bottom sides wider taller smaller height width "
    "turn convert format left make more less text logo look effect version angle shadow shadows light"
)

VI_MARKERS: frozenset[str] = frozenset(
    split(
        "xoa phong nen anh hinh buc cho minh toi giup giùm gium voi di nhe nha lam sang hon chut nua gap doi lon cat xoay lat ngang "
        "doc mau trang den do xanh vang roi sau va thanh kieu ve tao canh nui bien bau troi dem hoang mot hai ba bon nhung cac cua la "
        "duoc khong ban oi chao cam gi the nao lai truoc quay hoan tac bo tach mo rong trai phai tren duoi phia diem phan giai net sac "
        "am lanh chieu buoi nguoi con meo chen chu viet vao goc giam tang chuyen them thay sua chinh sach dep qua nhieu it lan muon "
        "can hay xin nay kia giong cach nuoc tranh tam luon thoi xong"
    )
)

EN_MARKERS: frozenset[str] = frozenset(
    split(
        "the a an it this that these is are of to in on at with and then make put please can you do i my me your what how why who "
        "remove background color white black red blue green picture image photo photos pictures images create generate draw upscale "
        "crop rotate flip blur bright brighter darker warm warmer cooler sharpen expand left right top bottom double twice bigger more "
        "less bit little hello hi hey thanks thank good undo back go change replace add write style like look from into up down out "
        "all sides sky sun sunset over mountain mountains give want need some for him her his as but not so too very just now first "
        "second degrees square portrait landscape cat dog man woman night city"
    )
)

# Vietnamese words of scenes (folded) → English words that every engine knows
KEYWORDS_VI: dict[str, str] = {
    "hoang hon": "sunset", "binh minh": "sunrise", "mat troi": "sun", "moon": "moon", "mat trang": "moon", "trang": "moon", "ngoi sao": "stars", "dem day sao": "starry night", "bau troi": "sky", "may": "clouds",
    "nui": "mountains", "doi": "hills", "rung": "forest", "cay": "trees", "bien": "sea", "bai bien": "beach", "song": "river", "ho": "lake", "thac": "waterfall", "canh dong": "field", "hoa": "flowers",
    "thanh pho": "city", "lang que": "village", "ngoi nha": "house", "nha": "house", "pho co": "old town", "duong pho": "street", "cau": "bridge", "chua": "pagoda", "lau dai": "castle",
    "con meo": "cat", "meo": "cat", "con cho": "dog", "cho con": "puppy", "con ngua": "horse", "ngua": "horse", "con ca": "fish", "con chim": "bird", "chim": "bird", "con rong": "dragon", "rong": "dragon", "con ho": "tiger",
    "co gai": "girl", "chang trai": "young man", "nguoi": "people", "em be": "baby", "phu nu": "woman", "dan ong": "man", "ong gia": "old man", "ba lao": "old woman", "tre em": "children",
    "ban dem": "night", "dem": "night", "buoi sang": "morning", "sang som": "early morning", "buoi som": "dawn", "buoi chieu": "afternoon", "mua he": "summer", "mua dong": "winter", "mua thu": "autumn", "mua xuan": "spring",
    "mua": "rain", "tuyet": "snow", "suong mu": "mist", "suong": "mist", "cau vong": "rainbow", "anh lamp": "lights", "lamp neon": "neon lights", "neon": "neon", "lamp long": "lanterns", "thuyen": "boat", "con thuyen": "boat",
    "o to": "car", "xe dap": "bicycle", "xe may": "motorbike", "may bay": "airplane", "phi hanh gia": "astronaut", "vu tru": "space", "hanh tinh": "planet", "robot": "robot", "mon an": "food", "ca phe": "coffee",
    "mau nuoc": "watercolor", "son dau": "oil painting", "sa mac": "desert", "dao": "island", "ruong bac thang": "rice terraces", "lua": "rice field", "sen": "lotus", "hoa sen": "lotus", "hoa dao": "peach blossom",
    "dai duong": "ocean", "song bien": "waves", "ngon hai dang": "lighthouse", "hai dang": "lighthouse", "vuon": "garden", "cong vien": "park", "truu tuong": "abstract",
}  # fmt: skip
