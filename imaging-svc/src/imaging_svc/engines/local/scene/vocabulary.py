"""Which words of a prompt can be drawn?  English and Vietnamese, with or without accents, into a frozen SceneSpec."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, get_args

__all__ = ["STYLES", "SceneSpec", "Style", "read_prompt"]

Style = Literal["photorealistic", "digital-art", "anime", "watercolor", "oil-painting", "sketch", "3d", "pixel-art"]
STYLES: Final[tuple[Style, ...]] = get_args(Style)


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """What to draw.  Every field but the last three holds names of this module's own vocabulary.

    time: "sunrise" | "sunset" | "golden" | "day" | "dusk" | "blue" | "night".
    weather: "clear" | "fair" | "cloudy" | "overcast" | "storm".  falling: "" | "rain" | "snow".  fog: 0..1.
    season: "" | "spring" | "summer" | "autumn" | "winter".  places: in the order the prompt names them.
    things: extras such as "moon", "palm", "aurora".  colours: keys of `colour.NAMED`.
    tones: moods and grades: "warm", "cool", "pastel", "neon", "monochrome", …
    """

    time: str
    weather: str
    falling: str
    fog: float
    season: str
    places: tuple[str, ...]
    things: frozenset[str]
    colours: tuple[str, ...]
    tones: frozenset[str]
    style: Style | None
    matched_terms: tuple[str, ...]
    ignored_terms: tuple[str, ...]
    words: str

    def to_details(self) -> dict[str, Any]:
        """The scene as JSON-able facts."""
        return {
            "time": self.time,
            "weather": self.weather,
            "falling": self.falling or None,
            "fog": round(self.fog, 2),
            "season": self.season or None,
            "places": list(self.places),
            "things": sorted(self.things),
            "colours": list(self.colours),
            "tones": sorted(self.tones),
            "style": self.style,
        }


# "kind:name" -> phrases, English | Vietnamese, separated by commas.  A longer phrase wins over a shorter one.
_TERMS: Final[dict[str, str]] = {
    "time:sunrise": (
        "sunrise, dawn, daybreak, early morning, morning, morning light, first light | bình minh, rạng đông, mặt "
        "trời mọc, sáng sớm, buổi sáng, ban mai, sớm mai, buổi sớm, sớm"
    ),
    "time:sunset": (
        "sunset, sundown, setting sun, sunsets, evening, evening sky | hoàng hôn, mặt trời lặn, chiều tà, lúc xế chiều, ráng chiều"
    ),
    "time:golden": (
        "golden hour, golden light, golden sunlight, magic hour, late afternoon, afternoon, golden glow | giờ "
        "vàng, nắng vàng, ánh nắng vàng, nắng chiều, buổi chiều, ánh sáng vàng, ánh vàng"
    ),
    "time:day": ("day, daytime, daylight, noon, midday, midday sun, broad daylight | ban ngày, buổi trưa, giữa trưa, trưa"),
    "time:dusk": ("dusk, twilight, nightfall, gloaming | chạng vạng, nhá nhem, chập tối"),
    "time:blue": "blue hour, blue twilight | giờ xanh, hoàng hôn xanh",
    "time:night": (
        "night, nighttime, midnight, nocturnal, at night, nightscape | đêm, ban đêm, buổi tối, nửa đêm, đêm "
        "khuya, màn đêm, trời đêm, về đêm"
    ),
    "time:sunrise+fog:1": "morning mist, morning fog, misty morning, misty dawn | sương sớm, sương mai, sương sớm mai",
    "weather:clear": (
        "clear, clear sky, clear skies, cloudless, sunny, blue sky, blue skies, sunshine, sunlit, bright sun | "
        "quang đãng, trời trong, trời xanh, bầu trời xanh, nắng, nắng đẹp, trời nắng, ngày nắng, ngày đẹp trời, không mây"
    ),
    "weather:cloudy": (
        "cloud, clouds, cloudy, partly cloudy, white clouds, cloudscape, fluffy clouds, cumulus, dramatic sky, "
        "dramatic clouds, after rain, after the rain, after a storm, after the storm | mây, mây trắng, nhiều mây, có mây, "
        "bầu trời nhiều mây, sau mưa, sau cơn mưa, mưa tạnh, tạnh mưa"
    ),
    "weather:overcast": "overcast, grey sky, gray sky, gloomy sky, dull sky | u ám, âm u, trời u ám, trời xám",
    "weather:storm": (
        "storm, stormy, thunderstorm, tempest, typhoon, hurricane, storm clouds, dark clouds, rough sea, raging | "
        "bão, giông, dông bão, giông bão, bão tố, cơn bão, mây đen, sóng dữ"
    ),
    "falling:rain": ("rain, rainy, raining, drizzle, downpour, rainfall, wet | mưa, cơn mưa, trời mưa, mưa rơi, mưa phùn"),
    "falling:snow": (
        "snowing, snowfall, snowstorm, blizzard, falling snow, heavy snow, snowflakes | tuyết rơi, tuyết rơi dày, bão tuyết, bông tuyết"
    ),
    "fog:1": ("fog, foggy, mist, misty, haze, hazy, dense fog, smoky | sương, sương mù, mù sương, màn sương, sương khói"),
    "thing:rainbow": "rainbow | cầu vồng",
    "thing:lightning": ("lightning, thunderbolt, lightning bolt, thunder | sấm sét, tia chớp, tia sét, sét, chớp, sấm"),
    "season:spring": "spring, springtime | mùa xuân, xuân",
    "season:spring+thing:blossom": (
        "blossom, blossoms, blossoming, cherry blossom, cherry blossoms, cherry trees, cherry tree, sakura, plum blossom, peach blossom "
        "| hoa đào, hoa anh đào, cây hoa đào, hoa mai, hoa mận"
    ),
    "season:summer": "summer, summertime | mùa hè, mùa hạ, hè",
    "season:autumn": ("autumn, autumnal, fall colors, fall foliage, in fall, autumn leaves | mùa thu, thu vàng, lá vàng, lá thu, rừng thu"),
    "season:winter": (
        "winter, wintry, snow, snowy, snow-capped, snowcapped, snow capped, snow-covered, frozen, ice, icy, frost "
        "| mùa đông, tuyết, tuyết phủ, phủ tuyết, băng giá"
    ),
    "place:mountains": (
        "mountain, mountains, mountain range, peak, peaks, alps, alpine, summit, ridge, ridges, cliff, cliffs, "
        "canyon, fjord, himalaya | núi, dãy núi, đỉnh núi, ngọn núi, núi non, đồi núi, núi đồi, vách đá, "
        "núi rừng, fansipan"
    ),
    "place:sea": (
        "sea, ocean, seascape, waves, wave, sea waves, ocean waves, open sea, open water, bay, gulf | biển, đại dương, vịnh, biển "
        "cả, sóng, sóng biển, mặt biển, biển khơi"
    ),
    "place:beach": (
        "beach, shore, seashore, coast, coastline, sandy beach, seaside, island, tropical island, lagoon | bãi "
        "biển, bờ biển, bờ cát, bãi cát, hòn đảo, đảo, ven biển, nha trang, phú quốc, đà nẵng, côn đảo"
    ),
    "place:sea+place:mountains": "ha long bay, halong bay, ha long | vịnh hạ long, hạ long",
    "place:lake": "lake, pond, lakeside, lakes | hồ, hồ nước, mặt hồ, bờ hồ, ven hồ, ao",
    "place:river": "river, stream, creek, riverside | sông, dòng sông, con sông, suối, dòng suối, ven sông",
    "place:forest": ("forest, forests, woods, woodland, grove | rừng, khu rừng, cánh rừng, rừng cây"),
    "place:forest+thing:pine": "pine forest, pine woods, pine forests, spruce forest | rừng thông, đồi thông",
    "place:forest+thing:pine+fog:1": "da lat, dalat | đà lạt",
    "place:forest+thing:jungle": "jungle, rainforest, rain forest, tropical forest | rừng rậm, rừng nhiệt đới, rừng già",
    "place:desert": "desert, dune, dunes, sand dunes, sahara, sand | sa mạc, cồn cát, đồi cát, đụn cát",
    "place:city": (
        "city, skyline, cityscape, city skyline, downtown, skyscraper, skyscrapers, metropolis, town, urban, "
        "buildings, city lights, street, cyberpunk city, cyberpunk, manhattan, new york, tokyo, saigon, hanoi | "
        "ánh đèn, rực ánh đèn, rực rỡ ánh đèn, lung linh ánh đèn, "
        "thành phố, đô thị, phố, khu phố, đường phố, tòa nhà, toà nhà, nhà cao tầng, phố phường, sài gòn, hà nội, "
        "cao ốc"
    ),
    "place:countryside": (
        "countryside, hill, hills, rolling hills, field, fields, meadow, meadows, grassland, farmland, pasture, "
        "prairie, valley, rural, rice field, rice fields, rice paddies, rice terraces, terraced fields, garden, grass, "
        "plains, park, landscape, nature, scenery | đồng quê, làng quê, thôn quê, nông thôn, đồi, ngọn đồi, cánh "
        "đồng, đồng cỏ, thảo nguyên, ruộng, ruộng lúa, ruộng bậc thang, thung lũng, đồng lúa, vườn, "
        "phong cảnh, thiên nhiên, cảnh đẹp, sa pa, sapa, lúa"
    ),
    "place:countryside+thing:ripe": (
        "wheat, wheat field, wheat fields, wheatfield, golden field, golden fields, barley, cornfield, ripe rice "
        "| lúa chín, lúa chín vàng, lúa vàng, đồng lúa chín, cánh đồng lúa chín, ruộng lúa chín"
    ),
    "place:nightsky": (
        "night sky, starry night, starry sky, stargazing, starscape | bầu trời đêm, trời sao, bầu trời sao, đêm đầy sao, trời đầy sao"
    ),
    "place:space": (
        "space, outer space, cosmos, cosmic, universe, deep space, interstellar, astral | vũ trụ, không gian vũ trụ, ngoài không gian"
    ),
    "place:abstract": (
        "abstract, abstraction, generative art, fluid art, marbling, abstract background, wallpaper | trừu tượng, "
        "nghệ thuật trừu tượng, hình nền"
    ),
    "place:desert+colour:red": "mars landscape, martian landscape, surface of mars, red planet surface | bề mặt sao hỏa",
    "place:geometric": (
        "geometric, geometry, triangles, polygons, shapes, bauhaus, mosaic, hexagons, circles, squares | hình "
        "học, tam giác, đa giác, hình khối"
    ),
    "place:gradient": (
        "gradient, gradients, mesh gradient, smooth background, blurred background | chuyển màu, dải màu, chuyển sắc, gradient màu"
    ),
    "thing:stars": (
        "star, stars, starlight, starry, starlit, shooting star | sao, ngôi sao, đầy sao, những vì sao, vì sao, "
        "ánh sao, nhiều sao, muôn sao"
    ),
    "thing:milkyway": "milky way | dải ngân hà, ngân hà",
    "thing:aurora": "aurora, aurora borealis, northern lights, polar lights | cực quang, bắc cực quang",
    "thing:moon": ("moon, moonlight, moonlit, full moon, moonrise | trăng, mặt trăng, ánh trăng, trăng tròn, trăng rằm"),
    "thing:moon+thing:crescent": "crescent, crescent moon, new moon, half moon | trăng khuyết, trăng lưỡi liềm, trăng non",
    "thing:sun": (
        "sun, sunlight, sun rays, sunbeam, sunbeams, sun beams, god rays, light rays | mặt trời, ánh nắng, tia nắng, ánh mặt trời"
    ),
    "thing:planet": (
        "planet, planets, saturn, jupiter, mars, exoplanet, ringed planet, earth | hành tinh, sao thổ, sao mộc, sao hỏa, trái đất"
    ),
    "thing:nebula": "nebula, nebulae, stardust, supernova | tinh vân",
    "thing:galaxy": "galaxy, galaxies, spiral galaxy | thiên hà",
    "thing:pine": ("pine, pines, pine trees, pine tree, fir, firs, spruce, conifer, conifers, evergreen | cây thông, thông, hàng thông"),
    "thing:palm": ("palm, palms, palm tree, palm trees, coconut, coconut trees, tropical | cây dừa, dừa, hàng dừa, cây cọ, nhiệt đới"),
    "thing:flowers": (
        "flower, flowers, flower field, flower fields, wildflowers, tulips, poppies, sunflowers, "
        "lavender field, lavender fields, "
        "daisies | hoa, cánh đồng hoa, vườn hoa, hoa dại, đồi hoa, hoa hướng dương"
    ),
    "thing:tree": "tree, trees, oak, maple, lone tree, birch | cây, cây cối, hàng cây, cây cổ thụ, cây phong",
    "thing:boat": (
        "boat, boats, sailboat, sailboats, sailing boat, ship, yacht, sail, sailing | thuyền, con thuyền, thuyền buồm, cánh buồm"
    ),
    "thing:reflection": (
        "reflection, reflections, reflecting, reflected, mirror-like, mirrored | phản chiếu, soi bóng, in bóng, bóng nước"
    ),
    "tone:warm": ("warm, warm colors, warm tones, warm light, cozy, cosy, sun-kissed | ấm, ấm áp, tông ấm, màu ấm, gam ấm"),
    "tone:cool": ("cool, cool colors, cool tones, cold, chilly | lạnh, lạnh lẽo, tông lạnh, màu lạnh, mát mẻ, gam lạnh"),
    "tone:pastel": (
        "pastel, pastel colors, pastels, soft colors, dreamy, gentle, delicate, ethereal | phấn, màu phấn, nhẹ "
        "nhàng, mơ mộng, dịu nhẹ, mơ màng, màu pastel"
    ),
    "tone:neon": ("neon, neon lights, synthwave, vaporwave, retrowave, glowing neon, fluorescent, neon glow | đèn neon, ánh đèn neon"),
    "tone:monochrome": (
        "monochrome, monochromatic, black and white, black & white, b&w, grayscale, greyscale, noir | đơn sắc, đen trắng, trắng đen"
    ),
    "tone:vivid": (
        "vivid, vibrant, colorful, colourful, saturated, rich colors, bright colors, psychedelic, rainbow colors "
        "| rực rỡ, sặc sỡ, nhiều màu, tươi sáng, đầy màu sắc"
    ),
    "tone:muted": "muted, desaturated, subdued, faded, vintage, nostalgic | trầm, nhạt, hoài niệm, cổ điển",
    "tone:dramatic": (
        "dramatic, epic, moody, intense, dramatic light, dramatic lighting, breathtaking, majestic | kịch tính, hùng vĩ, ấn tượng, tráng lệ"
    ),
    "tone:dark": (
        "dark, gloomy, ominous, mysterious, eerie, spooky, haunting, melancholic, sad | tối, tối tăm, u tối, bí ẩn, huyền bí, ma mị, buồn"
    ),
    "tone:bright": ("bright, airy, high key, cheerful, joyful, happy, light-filled | sáng, sáng sủa, vui tươi, tươi vui"),
    "tone:calm": (
        "calm, peaceful, serene, tranquil, quiet, still, still water, long exposure, relaxing, minimal, "
        "minimalist, zen | yên bình, thanh bình, tĩnh lặng, yên tĩnh, bình yên, êm đềm, phẳng lặng, tối giản"
    ),
    "tone:cinematic": "cinematic, teal and orange, film look, cinematic lighting, movie still | điện ảnh",
    "tone:romantic": "romantic, love | lãng mạn",
    "tone:grain": "film grain, grainy, analog film, kodak | nhiễu hạt",
    "colour:red": "red, scarlet | đỏ, màu đỏ, đỏ rực",
    "colour:crimson": "crimson, burgundy, maroon | đỏ thẫm, đỏ đô",
    "colour:orange": "orange, tangerine | cam, màu cam, da cam",
    "colour:coral": "coral, salmon | san hô",
    "colour:peach": "peach, apricot | hồng đào",
    "colour:gold": "gold, golden, gilded | vàng kim, ánh kim, vàng óng",
    "colour:amber": "amber, honey | hổ phách",
    "colour:yellow": "yellow, lemon | vàng, màu vàng",
    "colour:lime": "lime, chartreuse | vàng chanh",
    "colour:green": "green, lush green | xanh lá, màu xanh lá, xanh lá cây, xanh lục, lục",
    "colour:emerald": "emerald, jade | ngọc lục bảo",
    "colour:mint": "mint, sage | bạc hà",
    "colour:olive": "olive | xanh rêu",
    "colour:teal": "teal, petrol | xanh mòng két, xanh cổ vịt",
    "colour:turquoise": "turquoise, aqua, aquamarine | xanh ngọc, ngọc lam",
    "colour:cyan": "cyan | lục lam",
    "colour:azure": "azure, sky blue, light blue | xanh da trời, thiên thanh, xanh nhạt",
    "colour:blue": "blue, cobalt, sapphire | xanh, xanh dương, màu xanh, xanh biển, xanh lam, màu xanh dương",
    "colour:navy": "navy, midnight blue, deep blue, dark blue | xanh đậm, xanh thẫm, xanh than",
    "colour:indigo": "indigo | chàm",
    "colour:violet": "violet | tím violet",
    "colour:purple": "purple, plum | tím, màu tím",
    "colour:lavender": "lavender, lilac, mauve | oải hương, tím nhạt",
    "colour:magenta": "magenta, fuchsia | hồng sẫm, cánh sen",
    "colour:pink": "pink, hot pink | hồng, màu hồng",
    "colour:rose": "rose, dusty rose | hồng phấn",
    "colour:brown": "brown, sepia, chocolate | nâu, màu nâu",
    "colour:beige": "beige, cream, ivory, tan | be, màu be, kem",
    "colour:white": "white | trắng, màu trắng",
    "colour:silver": "silver, silvery | bạc, ánh bạc",
    "colour:grey": "grey, gray | xám, màu xám",
    "colour:black": "black | đen, màu đen",
    # Things that nobody here can draw, but which say where they stand: the scene is set there, and they are named as left out.
    "near:river": "waterfall, waterfalls, bridge | thác, thác nước, cây cầu",
    "near:sea": "lighthouse, pier, harbor, harbour, whale, dolphin | hải đăng, ngọn hải đăng, cầu cảng, bến cảng, cá voi",
    "near:mountains": "volcano, volcanoes, castle | núi lửa, lâu đài",
    "near:countryside": (
        "village, farmhouse, barn, windmill, road, path, cottage, horse, horses, cow, cows, sheep "
        "| ngôi làng, con đường, nông trại, cối xay gió, ngựa, con bò, đàn bò, con trâu, cừu"
    ),
    "near:city": "car, cars, temple | ô tô, xe hơi, xe máy, ngôi chùa",
    "style:photorealistic": (
        "photorealistic, photorealism, photo-realistic, realistic, photograph, photography, photo | ảnh thật, chân thực, như thật, ảnh chụp"
    ),
    "style:digital-art": (
        "digital art, digital-art, digital painting, concept art, illustration, vector art, poster | tranh kỹ thuật số, minh họa, minh hoạ"
    ),
    "style:anime": "anime, manga, ghibli, studio ghibli, cel shaded, cel-shaded, cartoon | hoạt hình",
    "style:watercolor": "watercolor, watercolour, aquarelle, gouache, ink wash | màu nước, tranh màu nước",
    "style:oil-painting": (
        "oil painting, oil-painting, oil on canvas, impressionist, impressionism, van gogh, monet, painterly, "
        "impasto | sơn dầu, tranh sơn dầu"
    ),
    "style:sketch": (
        "sketch, pencil, pencil drawing, pencil sketch, line art, charcoal, hand drawn, hand-drawn | phác thảo, "
        "bút chì, vẽ chì, vẽ tay, ký họa"
    ),
    "style:3d": ("3d, 3d render, 3-d, low poly, low-poly, lowpoly, isometric, clay render, octane render, blender render | ba chiều"),
    "style:pixel-art": ("pixel art, pixel-art, pixelated, 8-bit, 8 bit, 16-bit, 16 bit, retro game | điểm ảnh, tranh pixel"),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STOP: Final = _words(
    """
    a an the of in on at by to with and or from over under above below between behind beside near into onto
    through across around for as is are be being been was were it its this that these those there here some any
    very really so just more most please make create generate draw paint show me my us our i we you your want
    need would like can could give render produce image images picture pictures scene view photo style styled
    art artwork look looking lit light lights lighting one two three while where which who when up down out off
    heavy pattern patterns no not without all each every but if then than too also only etc big large small little huge tiny vast
    endless wide tall long short old new distant far away front background foreground middle sky skies horizon
    air water atmosphere mood color colors colour colours tone tones palette vibe feeling feel evoking beautiful
    pretty nice lovely stunning gorgeous amazing wonderful perfect magnificent spectacular scenic picturesque
    glowing glow shining shimmering gentle soft subtle deep rich light-filled highly high low ultra super full
    set do does did has have had und le la el de một cái con chiếc bức tấm hình ảnh tranh vẽ tạo cho tôi tớ mình
    em anh hãy với và của trên dưới trong ngoài ở tại bên cạnh gần những các này kia đó là có không rất thật đẹp
    cảnh quang bầu trời màu sắc kiểu phong cách theo giúp làm ra hoặc vào lúc khi ánh sáng thì mà từ đến phía
    họa tiết hoạ sau trước giữa lớn nhỏ rộng xa mặt nước muốn được bao phủ đầy nền tông gam phản mot cai buc tam hinh ve tao
    toi hay voi va cua tren duoi ngoai ben canh gan nhung cac nay rat dep bau troi mau sac kieu cach giup lam
    mat nuoc
    """
)

# Camera, medium and praise words of refined prompts: neither drawn nor worth a warning.
_CRAFT: Final = re.compile(
    r"""\b(?:\d+(?:\.\d+)?\s?mm|f/?\d+(?:\.\d+)?|iso\s?\d*|[248]k|u?hd|uhd|4k|8k|hdr|dslr|raw|lens(?:es)?|bokeh|camera|nikon|canon|sony|leica|
    hasselblad|aperture|shutter|exposure|depth\s+of\s+field|shallow|focus(?:ed)?|sharp(?:ness)?|crisp|detail(?:s|ed)?|intricate|hyper\w*|ultra\w*|
    masterpiece|quality|best|award|winning|award-winning|trending|artstation|resolution|resolutions|composition|composed|rule\s+of\s+thirds|
    wide[\s-]?angle|telephoto|close[\s-]?up|shot|panorama|panoramic|aerial|drone|perspective|angle|framing|framed|leading\s+lines|
    professional|stock|unreal|engine|octane|ray\s?trac\w+|render(?:ed|ing)?|volumetric|ambient|occlusion|global|illumination|
    natural|realism|texture[sd]?|contrast|balanced|layered|layers|silhouette[sd]?|contours?|canvas|paper|brush\s?strokes?|strokes?|washes|pigment|
    medium|format|style|editorial|national|geographic|captured|featuring|visible|fine|clean|smooth|elegant|aesthetic|visual|effects?|
    cast(?:ing)?|bathed|stretching|rolling|rising|falling|flowing|filled|covered|surrounded|inspired|time|hour|hours|scale|space|tranquility|
    serenity|beauty|drama|depth|rays?|beams?|calming|tones?|hues?|shades?|no\s+people|ar\s+\d+:\d+|\d+:\d+|--\w+|aspect|ratio|
    chất\s+lượng(?:\s+cao)?|chi\s+tiết|sắc\s+nét|độ\s+phân\s+giải|siêu|khổ\s+ngang|khổ\s+dọc|tỉ\s+lệ|tỷ\s+lệ)\b""",
    re.IGNORECASE | re.VERBOSE,
)

# Without accents these are everyday English words, or too ambiguous: they count only in a prompt that reads Vietnamese.
_ACCENT_NEEDED: Final = _words(
    """
    do den tim cam ho mua trang sao vang bao may ao song dao rung dem hong xam nau bac be kem luc am lanh tram
    nhat toi sang buon thong dua cay he set chop sam cham duong pho nang xanh trua suoi suong ruong doi bien
    xuan phan co tia tron
    """
)
_READS_VIETNAMESE: Final = _words(
    """
    tren duoi voi va mot nhung cac buoi canh anh ve tao troi nui khu thanh luc cua hinh buc phong mau ben ngay
    """
)


def _fold(text: str) -> str:
    """Lower case, no accents, đ as d; the length never changes, so positions stay comparable."""
    letters = []
    for letter in text:
        base = unicodedata.normalize("NFD", letter)[0]
        letters.append("d" if base == "đ" else base)
    return "".join(letters)


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for phrase in text.split(",") if phrase.strip()]


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """Phrase -> "kind:name".

    written: as it stands, whatever the language.  bare: Vietnamese without its accents, safe anywhere.  plain:
    Vietnamese that has no accents, for Vietnamese prompts.  stripped: ambiguous without accents, for Vietnamese
    prompts that have none.
    """

    written: dict[str, str]
    bare: dict[str, str]
    plain: dict[str, str]
    stripped: dict[str, str]
    longest: int


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    written: dict[str, str] = {}
    vietnamese: dict[str, str] = {}
    for meaning, text in _TERMS.items():
        english, _, viet = text.partition("|")
        written |= dict.fromkeys(_phrases(english), meaning)
        vietnamese |= dict.fromkeys(_phrases(viet), meaning)
    bare: dict[str, str] = {}
    plain: dict[str, str] = {}
    stripped: dict[str, str] = {}
    for phrase, meaning in vietnamese.items():
        folded = _fold(phrase)
        ambiguous = folded in _ACCENT_NEEDED or folded in written
        target = bare if not ambiguous else plain if folded == phrase else stripped
        target.setdefault(folded, meaning)
    written |= {phrase: meaning for phrase, meaning in vietnamese.items() if phrase not in written and phrase not in plain}
    longest = max(len(phrase.split()) for phrase in written)
    return _Lexicon(written, bare, plain, stripped, longest)


_WORD: Final = re.compile(r"[^\W_]+(?:[-'’&][^\W_]+)*", re.UNICODE)


def _match(prompt: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Greedy longest match from the left: ((phrase as written, meaning)…, words that matched nothing)."""
    lexicon = _lexicon()
    text = unicodedata.normalize("NFC", prompt).lower().replace("’", "'")
    words = [found.group() for found in _WORD.finditer(text)]
    folded = [_fold(word) for word in words]
    accented = any(word != bare for word, bare in zip(words, folded, strict=True))
    viet = accented or _reads_vietnamese(folded, lexicon)
    matched: list[tuple[str, str]] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(lexicon.longest, len(words) - at), 0, -1):
            phrase, bare = " ".join(words[at : at + length]), " ".join(folded[at : at + length])
            meaning = lexicon.written.get(phrase)
            if meaning is None and phrase == bare:
                meaning = lexicon.bare.get(bare) or (lexicon.plain.get(bare) if viet else None)
                meaning = meaning or (lexicon.stripped.get(bare) if viet and not accented else None)
            if meaning:
                matched.append((phrase, meaning))
                at += length
                break
        else:
            rest.append(words[at])
            at += 1
    return matched, rest


def _reads_vietnamese(folded: list[str], lexicon: _Lexicon) -> bool:
    """Without accents, a whole Vietnamese phrase or two everyday Vietnamese words give the language away."""
    text = f" {' '.join(folded)} "
    phrase = any(f" {known} " in text for known in lexicon.bare if " " in known)
    return phrase or len(_READS_VIETNAMESE.intersection(folded)) >= 2 or all(word in _ACCENT_NEEDED for word in folded)


def _content(words: Iterable[str], craft: frozenset[str]) -> tuple[str, ...]:
    """The words that name something, once each, in order."""
    plain = _STOP | craft
    kept = (word for word in words if len(word) > 1 and not word.isdigit() and word not in plain)
    return tuple(dict.fromkeys(word for word in kept if not plain.issuperset(word.split("-"))))


def _craft_words(prompt: str) -> frozenset[str]:
    found = (_WORD.findall(hit.group().lower()) for hit in _CRAFT.finditer(unicodedata.normalize("NFC", prompt)))
    return frozenset(word for words in found for word in words)


def read_prompt(prompt: str, style: str | None = None) -> SceneSpec:
    """Read a prompt of any length; `style` (a parameter) wins over style words, and an unknown one is left aside."""
    matched, rest = _match(prompt)
    ignored = _content(rest, _craft_words(prompt))
    found: dict[str, list[str]] = {}
    for part in (part for _, meaning in matched for part in meaning.split("+")):
        kind, _, name = part.partition(":")
        found.setdefault(kind, []).append(name)
    only_near = tuple(phrase for phrase, meaning in matched if meaning.startswith("near:"))
    drawable = {"time", "weather", "falling", "fog", "season", "place", "thing", "near"} & found.keys()
    places = _places(found) if drawable else ("abstract",)
    return SceneSpec(
        time=_time(found),
        weather=_weather(found),
        falling=_falling(found),
        fog=1.0 if "fog" in found else 0.0,
        season=next(iter(found.get("season", [])), ""),
        places=places,
        things=frozenset(found.get("thing", [])),
        colours=_colours(matched),
        tones=frozenset(found.get("tone", [])),
        style=_style(style, found.get("style", [])),
        matched_terms=tuple(dict.fromkeys(phrase for phrase, _ in matched if phrase not in only_near)),
        ignored_terms=tuple(dict.fromkeys((*only_near, *ignored))),
        words=" ".join(word for word in (*(phrase for phrase, _ in matched), *rest)),
    )


# Colours that a thing has anyway: "green forest" asks for a forest, not for a green picture.
_NATURAL: Final[dict[str, frozenset[str]]] = {
    "green": frozenset({"place:forest", "place:countryside", "place:mountains", "season:spring", "season:summer", "thing:tree"}),
    "blue": frozenset({"place:sea", "place:lake", "place:beach", "place:river", "place:forest", "place:countryside"}),
    "azure": frozenset({"place:sea", "place:lake", "place:beach"}),
    "turquoise": frozenset({"place:sea", "place:lake", "place:beach"}),
    "gold": frozenset({"place:desert", "place:beach", "place:countryside", "season:autumn", "thing:ripe"}),
    "yellow": frozenset({"place:desert", "season:autumn", "thing:sun", "thing:moon", "thing:ripe"}),
    "pink": frozenset({"thing:blossom"}),
    "red": frozenset({"season:autumn"}),
    "orange": frozenset({"season:autumn"}),
    "white": frozenset({"season:winter", "falling:snow", "place:beach", "weather:cloudy", "fog:1", "thing:moon"}),
    "silver": frozenset({"thing:moon"}),
}


_FLAT: Final = frozenset({"place:abstract", "place:geometric", "place:gradient"})


def _colours(matched: list[tuple[str, str]]) -> tuple[str, ...]:
    """The colours that should steer the picture: all but those that merely describe their neighbour."""
    meanings = [frozenset[str](), *(frozenset(meaning.split("+")) for _, meaning in matched), frozenset[str]()]
    depicts_nothing = any(meaning & _FLAT for meaning in meanings)
    wanted = []
    for before, meaning, after in zip(meanings, meanings[1:], meanings[2:], strict=False):
        for name in (part.removeprefix("colour:") for part in meaning if part.startswith("colour:")):
            if depicts_nothing or not _NATURAL.get(name, frozenset()) & (before | after):
                wanted.append(name)
    return tuple(dict.fromkeys(wanted))[:5]


def _style(wanted: str | None, found: list[str]) -> Style | None:
    return next((style for name in (wanted, *found) for style in STYLES if style == name), None)


def _places(found: dict[str, list[str]]) -> tuple[str, ...]:
    places = list(dict.fromkeys(found.get("place", []) or found.get("near", [])))
    things = set(found.get("thing", []))
    if places == ["countryside"] and {"planet", "nebula", "galaxy"} & things:
        places = []
    if not places:
        places = _implied(things, found)
    return tuple(places)


def _implied(things: set[str], found: dict[str, list[str]]) -> list[str]:
    """Where a prompt that names no place is likely to be set; empty means that the seed chooses."""
    for thing, place in (
        ("planet", "space"),
        ("nebula", "space"),
        ("galaxy", "space"),
        ("palm", "beach"),
        ("boat", "sea"),
        ("pine", "forest"),
        ("aurora", "nightsky"),
        ("milkyway", "nightsky"),
        ("stars", "nightsky"),
        ("tree", "countryside"),
        ("rainbow", "countryside"),
        ("flowers", "countryside"),
    ):
        if thing in things:
            return [place]
    if "neon" in found.get("tone", []):
        return ["city"]
    if "season" in found:
        return ["mountains"] if "winter" in found["season"] else ["countryside"]
    return []


def _time(found: dict[str, list[str]]) -> str:
    times = found.get("time", [])
    if times:
        # "golden light" beside a named hour is a colour of that hour, not another hour.
        named = [time for time in times if time != "golden"]
        return (named or times)[0]
    if {"nightsky", "space"} & set(found.get("place", [])) or {"stars", "milkyway", "aurora", "moon"} & set(found.get("thing", [])):
        return "night"
    if "neon" in found.get("tone", []) and "city" in found.get("place", ["city"]):
        return "night"
    return "day"


def _weather(found: dict[str, list[str]]) -> str:
    known = found.get("weather", [])
    for name in ("storm", "overcast", "cloudy", "clear"):
        if name in known:
            return name
    if "lightning" in found.get("thing", []):
        return "storm"
    if "falling" in found:
        return "overcast"
    return "fair"


def _falling(found: dict[str, list[str]]) -> str:
    falling = found.get("falling", [])
    if "snow" in falling or ("rain" not in falling and "storm" in found.get("weather", []) and "winter" in found.get("season", [])):
        return "snow"
    return "rain" if falling else ""
