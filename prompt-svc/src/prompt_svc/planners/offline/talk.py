"""What is said when no picture is to be made?  Small talk, help and questions back, in two languages."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from dataclasses import dataclass

from photofun_common.contracts.features import by_id, features
from photofun_common.contracts.prompt import Choice

from .text import Words
from .words import split

__all__ = ["Talk", "choices_for", "clarify_reply", "done_reply", "improvements", "is_vague", "reply_for", "small_talk"]

_WHOLE: tuple[tuple[str, str], ...] = (
    ("abuse", r".*\b(?:fuck\w*|shit\w*|bitch|asshole|idiot|stupid|moron|dumb|useless|sucks?|suck my|you're trash|garbage|hate you|shut up|ngu|do ngu|cho chet|dit|deo|vcl|vl|dmm?|cc|oc cho|vo dung|khon nan|ngoc|do khung|mat day|im di|ngu vay|ngu the|do toi|cut di)\b.*"),
    ("deleting", r"^(?:please |can you |could you |i want to |i want you to |hay |giup minh |lam on )*(?:delete|erase|trash|remove|get rid of|xoa|huy)(?: het| toan bo| tat ca| luon| all(?: of)?| every)*(?: my| the| these| this| those| that| cac| nhung| moi| buc| tam| cai)* "
     r"(?:photos?|pictures?|images?|pics?|gallery|account|data|history|chats?|conversations?|sessions?|messages?|anh|hinh|thu vien|tai khoan|du lieu|lich su|cuoc tro chuyen|tin nhan)(?: (?:cua|nay|do|kia|toi|minh|em|tui|di|nhe|nha|giup|voi|please|now|forever|for good|(?:from|in) (?:my|the) gallery|trong thu vien))*[\s.!?]*$"),
    ("keeping", r"^(?:how (?:do|can|to)(?: i| we)? ?(?:download|save|export|keep|share)\b|where (?:are|is|do i find|can i find) (?:my|the) (?:photos?|pictures?|images?|pics?|gallery|results?)|(?:show|open|see|let me see)(?: me)? (?:my|the) (?:gallery|pictures|photos|images)[\s.!?]*$|"
     r"(?:lam sao|lam the nao|cach)(?: de)? (?:tai|luu|xuat|chia se)\b|(?:tai|luu) (?:anh|hinh)(?: ve| xuong)? (?:the nao|o dau|bang cach nao|sao)|(?:anh|hinh)(?: cua (?:toi|minh|em|tui))? (?:luu )?o dau|(?:mo|xem|cho (?:toi|minh) xem) thu vien).*"),
    ("help", r".*\b(?:what (?:else )?can (?:you|u|it|this (?:app|bot)) do|what do you do|what (?:are|r) (?:you|u) (?:able|capable)|how (?:do|does|can) (?:i|you|u|this|it) (?:use|work|start)|how does this (?:app )?work|what features|list (?:of )?(?:the )?(?:features|commands)|show me (?:the )?(?:features|commands)|what should i (?:say|type|write)|any examples|give me (?:some )?(?:examples|ideas)|instructions|"
     r"(?:ban|em|bot|app|may|no) (?:co the )?(?:lam|giup) (?:duoc )?(?:nhung )?(?:gi|viec gi|cai gi)\w*|lam duoc (?:nhung )?gi|co (?:nhung )?(?:tinh nang|chuc nang) (?:gi|nao)|(?:cach|huong dan) (?:su dung|dung)|su dung (?:the nao|nhu the nao|ra sao)|dung (?:sao|the nao|nhu the nao)|tro giup|tinh nang gi|chuc nang gi|giup duoc gi|lam duoc gi)\b.*|^(?:please |can you |i need )?help(?: me)?(?: please)?[.!?]*$|^(?:menu|commands?|features?|tinh nang|chuc nang|giup(?: minh| toi| em)?(?: voi)?|huong dan(?: su dung)?|hdsd|cuu)[.!?]*$"),
    ("thanks", r"^(?:ok |okay |oke |wow |great |nice |perfect |love it |awesome |da |ui |vang |hay qua |dep qua |tuyet )*[,!. ]*(?:(?:many |much )?thanks?(?: (?:you|a lot|so much|a bunch|very much|man|bro|dude|buddy|for .*|again|!))*|thank you.*|thanx|cheers|appreciate it|much appreciated|cam on.*|c[ao]m on.*|cảm ơn.*|thank(?:s)? nha.*|tuyet cam on.*)[\s.!😊🙏❤️]*$"),
    ("bye", r"^(?:ok |okay )?(?:good ?)?(?:bye(?: bye)?|goodbye|see (?:you|ya)(?: later| soon| tomorrow)?|cya|good night|later|tam biet.*|hen gap lai.*|chuc ngu ngon.*|pp|bai bai|bye nhe)[\s.!]*$"),
    ("greeting", r"^(?:hi+|he+y+|hello+|hola|yo+|sup|good (?:morning|afternoon|evening|day)|greetings|howdy|what'?s up|wassup|xin chao|chao|alo+|hello em|hi em|chao buoi (?:sang|chieu|toi)|e+|hey bot|hi there|hello there)(?:\s+(?:there|bot|everyone|all|friend|man|bro|again|you|ban|em|anh|chi|ad|shop|nha|nhe|cau|moi nguoi|photofun|studio|minh la \w+|oi))*[\s.!?👋]*$"),
    ("how", r"^(?:hi|hey|hello|chao)?[, ]*(?:how are (?:you|u)(?: doing)?(?: today)?|how'?s it going|how do you do|how have you been|are you ok(?:ay)?|you good|(?:ban|em|dao nay|hom nay)(?: \w+){0,3} (?:khoe khong|the nao|sao roi|ra sao)|khoe khong|an com chua|ban khoe chu)[\s.!?]*.*$"),
    ("who", r".*\b(?:who are (?:you|u)|what are (?:you|u)|are (?:you|u) (?:a |an )?(?:human|real|robot|bot|ai|person)|what'?s (?:your|ur) name|who (?:made|created|built) (?:you|u)|ban la ai|ban ten (?:la )?gi|ten (?:cua )?ban la gi|may la ai|em la ai|ban la (?:nguoi|robot|bot|ai)|ai tao ra ban)\b.*"),
    ("praise", r"^(?:(?:wow+|omg|oh|that'?s|this|it|it's|looks?|is|so|very|really|absolutely|just|i|the|result|picture|image|photo|one|love|like|you|are|you're|a|such|good|job|nice|great|work|well|done|amazing|awesome|beautiful|perfect|cool|lovely|excellent|fantastic|brilliant|sick|lit|dope|sweet|neat|superb|incredible|wicked|legit|fire|epic|rocks?|rock|damn|dang|bro|dude|man|mate|much|better|now|already|here|there|to|me|works?|worked|u|r|ur|woah|whoa|yup|ya|yea|k|kk|okie|okey|noted|understood|got|gotcha|cute|pretty|happy|with|and|a lot|lot|gorgeous|wonderful|stunning|impressive|best|ok|okay|yes|yeah|yep|yay|haha+|lol|hehe+|sure|alright|fine|good|thats|its|exactly|what|wanted|"
     r"dep|hinh|qua|tuyet|voi|ay|hay|gioi|xin|xuat|sac|thich|minh|vay|ghe|that|lam|tot|ban|anh|buc|nay|rat|on|roi|duoc|ung|y|hi|hihi|kkk+|da|vang|u|um|ukm|oke|day|dinh|xiu|chuan|khong|can|chinh|troi|luon|xa|cao|chat|ngon|b|bn|ad|oi|a|nha|nhe|ne|su|vl|ma|the|nay|do|no|hihihi|kaka|chot|okela|okie|ngau|lung|linh|xinh|muot|ban|cua|nua|het|y|nhu|mong|doi|cool|pro|co|em|anh|hai|long|gi|dau|biet|hieu|ta|vai)\b[\s,.!😍👍❤️😊🔥]*)+$"),
    ("sorry", r"^(?:i'?m |im )?(?:so |very )?sorry.*$|^(?:my bad|oops|xin loi.*|minh nham|nham roi|loi minh)[\s.!]*$"),
    ("bad", r"^(?:(?:i )?(?:don'?t|do not) like (?:it|this|that)|(?:it|this|that) (?:looks?|is) (?:bad|ugly|terrible|awful|wrong|weird)|not (?:good|great|what i wanted|like that|nice)|ugly|terrible|awful|bad|no+|nope|wrong|khong dep|xau qua|xau|te qua|khong thich|khong on|khong phai vay|sai roi|chan|chan qua|khong dung y|khong)[\s.!]*$"),
    ("stop", r"^(?:ok |okay |oh |um |thoi |a )*(?:never ?mind|forget (?:it|about it|that)|skip (?:it|that)|leave it(?: (?:as it is|like that|alone))?|cancel(?: that| it)?|don't bother|that's all|that is all|no need|khoi(?: can| di| luon| nhe| nha| nua| dau)*|bo qua(?: di| nhe)?|khong can(?: nua| dau| nhe)*|de vay(?: di| nhe| thoi)*|vay (?:duoc|la duoc|thoi)(?: roi)?)[\s.!]*$"),
    ("other-media", r"^(?:.*\b(?:can|could|do|does|will|would) (?:you|u|it|this)\b.*|(?:make|create|generate|edit|cut|turn|convert|tao|lam|cat|chinh|dung|bien|chuyen)\b.*|.*\b(?:co (?:the )?|biet |duoc )?(?:lam|chinh|cat|dung|tao|sua)(?: duoc)?\b.*)\b(?:videos?|video clips?|clips?|movies?|audio|songs?|music|voice|mp3|mp4|podcasts?|pdfs?|excel|word document|spreadsheets?|doan phim|bo phim|nhac|giong noi|am thanh)\b.*$"),
    ("joke", r".*\b(?:tell me a joke|joke|make me laugh|ke chuyen cuoi|chuyen cuoi|chuyen hai|ke chuyen)\b.*"),
    ("price", r".*\b(?:how much (?:is|does|do|are)|price|pricing|cost|free\?|is it free|mien phi|gia bao nhieu|bao nhieu tien|mat phi|ton phi|tra phi|subscription)\b.*"),
    ("off-topic", r"^(?:please |can you |could you |hay |giup minh )*(?:write|tell|sing|compose|recite|read|give|viet|lam|ke|hat|doc|sang tac)(?: for)?(?: me| us| cho minh| cho toi| giup minh)?(?: an?| some| the| mot| bai)*(?: (?!picture|image|photo|caption|text|words?|hinh|anh|chu)\w+){0,2} (?:poems?|story|stories|songs?|essays?|recipes?|code|scripts?|emails?|letters?|haiku|lyrics|advice|tho|truyen|van|bai hat|bai tho|bai van|email|thu|code|cong thuc|programs?|functions?|sql|paragraphs?|resumes?|cv|cover letters?|speech(?:es)?|blog posts?|articles?|tweets?|homework|report|summary)\b(?!.*\b(?:picture|image|photo|hinh|anh|on it|at the)\b).*"),
    ("smalltalk", r"^(?:i'?m|i am|im|i feel|i was|i had|i have|i went|i ate|i hate|i miss|my (?:boss|day|friend|wife|husband|mom|dad|job|girlfriend|boyfriend|family)|today (?:is|was|i)|yesterday|tomorrow|do (?:you|u) (?:like|love|know|have|think|believe|want|sleep|eat|speak)|have you|did you|are you (?!able|going to)|is it|"
     r"hom (?:nay|qua|kia)|ngay mai|toi qua|minh (?:dang|vua|buon|vui|met|ghet|nho|la|ten|thay|rat|hoi)|(?:em|tui|tao) (?:dang|vua|buon|vui|met|la|ten)|ban (?:co )?(?:thich|biet|yeu|ghet|an|ngu|buon|vui|nghi|bao nhieu|may tuoi)|sep)\b.*"),
    ("question", r"^(?:what(?:'?s| is| are| does)|why|who(?:'?s| is| was)|when|where|which|how (?:do|does|did|long|many|old|far|to|can i|big|is)|is (?:it|this|that|there)|are (?:there|these)|do (?:you|i)|does|did|was|were|should i|tell me (?:about|more)|explain|"
     r"tai sao|vi sao|the nao la|la gi|ai la|khi nao|o dau|bao gio|bao lau|hom nay|may gio|bao nhieu|thoi tiet|co phai|giai thich|ke cho|lam sao|lam the nao)\b.*$|.*\b(?:la gi|la ai|o dau|khi nao|may gio|tai sao|bao nhieu|nhu the nao|the nao|la sao)\s*(?:vay|the|a|nhi|ha)?\s*\?*$|.*\bbao nhieu (?:mb|kb|gb|px|pixel|tien|dong|lau|phut|giay|nguoi)\b.*$|^.*\b(?:weather|president|capital of|bitcoin|stock|football|world cup|recipe|homework|math|code for me|python script|essay|email to my|poem|bong da|thoi tiet|chung khoan|nau an|bai tap|lam tho|viet tho|bai van|toan)\b.*$|^\d+\s*[+*/-]\s*\d+.*$"),
)  # fmt: skip
_SOCIAL = ("bye", "thanks", "praise", "sorry", "how", "greeting")
_PATTERNS = tuple((kind, re.compile(pattern, re.DOTALL)) for kind, pattern in _WHOLE)
INJECTION = re.compile(r"\b(?:ignore|disregard|forget|bypass|override)\b[\w\s]{0,24}\b(?:instructions?|rules|prompts?|above|previous|guidelines|system)\b|\bsystem prompt\b|\bdeveloper mode\b|\bjailbreak\b|\byou are now\b|\bbo qua\b[\w\s]{0,16}\b(?:huong dan|chi dan|lenh|quy tac)\b|\b(?:api key|password|mat khau|secret key)\b")  # fmt: skip

_REPLIES: dict[str, tuple[str, str]] = {
    "abuse": ("I'm sorry this is frustrating. Tell me what you'd like to change in the picture and I'll do my best.", "Mình xin lỗi nếu làm bạn bực. Bạn muốn chỉnh gì trong ảnh, cứ nói, mình sẽ cố hết sức."),
    "thanks": ("You're welcome! Tell me if you'd like another change.", "Không có gì đâu! Bạn muốn chỉnh thêm gì cứ nói nhé."),
    "bye": ("See you! Your pictures stay in your gallery.", "Hẹn gặp lại bạn! Ảnh của bạn vẫn ở trong thư viện nhé."),
    "greeting": ("Hi! Send me a picture and say what to change, or describe a new one: \"Create a sunset over mountains, 16:9\".", "Chào bạn! Gửi ảnh và nói bạn muốn chỉnh gì, hoặc tả một bức ảnh mới: \"Tạo cảnh hoàng hôn trên núi, 16:9\"."),
    "picture": ("Hi! I have your picture. What shall I change: the background, the light, the size?", "Chào bạn! Mình nhận được ảnh rồi. Bạn muốn chỉnh gì: phông nền, ánh sáng, kích thước?"),
    "how": ("I'm fine, thank you! What shall we make today?", "Mình khỏe, cảm ơn bạn! Hôm nay mình làm bức ảnh gì nào?"),
    "who": ("I'm PhotoFun Studio's assistant: software that makes and edits pictures from your words.", "Mình là trợ lý của PhotoFun Studio: phần mềm tạo và chỉnh ảnh theo lời bạn."),
    "praise": ("Glad you like it! What's next?", "Mình vui vì bạn thích! Bạn muốn làm gì tiếp?"),
    "sorry": ("No problem! \"Undo\" brings the previous picture back.", "Không sao đâu! Nói \"hoàn tác\" là quay lại ảnh trước."),
    "bad": ("Sorry about that. Say \"undo\" to go back, or tell me what should be different.", "Xin lỗi bạn nhé. Nói \"hoàn tác\" để quay lại, hoặc cho mình biết cần khác đi thế nào."),
    "joke": ("Why was the photo sent to prison? It was framed! Shall we edit one?", "Vì sao bức ảnh phải vào tù? Vì nó bị đóng khung! Mình chỉnh ảnh nào tiếp đây?"),
    "price": ("I can't see prices from here; whoever runs this studio can tell you. I can make and edit pictures for you right now.", "Mình không xem được giá ở đây; người vận hành studio sẽ cho bạn biết. Còn tạo và chỉnh ảnh thì mình làm được ngay."),
    "deleting": ("I never delete anything from here. In the gallery you can move pictures to the trash and delete them for good; chats are deleted in their list.", "Ở đây mình không xóa gì cả. Trong thư viện bạn có thể bỏ ảnh vào thùng rác rồi xóa hẳn; cuộc trò chuyện thì xóa trong danh sách."),
    "keeping": ("Every picture is kept in your gallery, where you can find, download and export it.", "Mọi ảnh đều được lưu trong thư viện; bạn có thể tìm, tải về và xuất ảnh ở đó."),
    "question": ("I make and edit pictures, so that is outside of what I know well. Tell me what you'd like to see or change, or ask \"what can you do?\".", "Mình chuyên tạo và chỉnh ảnh nên chuyện đó ngoài hiểu biết của mình. Bạn muốn tạo hay chỉnh ảnh gì, hoặc hỏi \"bạn làm được gì?\" nhé."),
    "injection": ("I can only make and edit pictures. What would you like to see?", "Mình chỉ tạo và chỉnh ảnh thôi. Bạn muốn xem ảnh gì nào?"),
    "chat": ("I'm here to make and edit pictures. Tell me what you'd like to see or change.", "Mình ở đây để tạo và chỉnh ảnh. Bạn muốn tạo hay chỉnh gì cứ nói nhé."),
    "off-topic": ("Words are not my trade: I make and edit pictures. What would you like to see?", "Chuyện đó ngoài nghề của mình: mình tạo và chỉnh ảnh. Bạn muốn xem ảnh gì nào?"),
    "smalltalk": ("I hear you! If a picture would help, tell me what you'd like to see or change.", "Mình hiểu mà! Nếu muốn tạo hay chỉnh ảnh gì, bạn cứ nói nhé."),
    "other-media": ("I only work with still pictures: I can draw new ones and edit photos. What shall we make?", "Mình chỉ làm việc với ảnh tĩnh: vẽ ảnh mới và chỉnh ảnh. Mình làm gì cho bạn nào?"),
    "stop": ("All right, I leave the picture as it is.", "Được rồi, mình để ảnh như vậy."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Talk:
    kind: str
    confidence: float = 0.95


_VAGUE = frozenset(
    split(
        "make it this that the my a an better nicer prettier something nice pretty good cooler cool beautiful improve improved "
        "improvement fix fixed change changed edit edited editing do your thing magic stuff some somehow different look looks more "
        "photo picture image pic one please with can you could u for me to up i want need like help wanna of and just retouch touch "
        "adjust adjustment optimize enhancement surprise anything whatever best try professional pro fancy stunning amazing "
        "interesting awesome work on in way kind into lam cho dep hon chinh sua anh hinh nay giup minh cai no lai di xiu ti chut ok "
        "tot sao xin lung linh ao dieu hoan hao chuyen nghiep gium voi nha nhe ban toi em muon hay nhin trong buc tam duoc mot gi thay doi "
        "bien khac kieu thu ky phep mau ad oi het co nua xinh xan sang so"
    )
)
_VAGUE_CORE = frozenset(
    split(
        "better nicer prettier nice pretty good cool cooler beautiful improve fix change edit thing magic something different retouch "
        "adjust professional fancy stunning amazing interesting anything whatever optimize improvement dep chinh sua xin tot doi khac "
        "lung"
    )
)


def is_vague(words: Words) -> bool:
    """A wish that names no change: 'make it nicer', 'do your magic', 'làm đẹp hơn đi'."""
    tokens = re.findall(r"[a-z']+", words.key)
    return 0 < len(tokens) <= 12 and all(token in _VAGUE for token in tokens) and any(token in _VAGUE_CORE for token in tokens)


_HOW_TO = re.compile(
    r"^(?:how (?:do|can|should|would) (?:i|we|you)|what (?:is|does|are)|what's|why|la gi|tai sao|lam sao|lam the nao|lam cach nao|the nao la)\b|\bla gi\s*\??$|^\w+(?: \w+){0,3} (?:nghia la gi|de lam gi)\??$|^(?:is|are) (?:it|this|there)\b"
)


def small_talk(words: Words) -> Talk | None:
    """The kind of talk that the whole message is, or None."""
    key = re.sub(r"\s+", " ", words.key).strip()
    if not re.search(r"[a-z0-9]", key):
        return Talk("chat", 0.9)
    if INJECTION.search(key):
        return Talk("injection")
    parts = [part for part in re.split(r"\s*[,.!;]+\s*", key) if re.search(r"[a-z0-9]", part)]
    kinds = [next((kind for kind, pattern in _PATTERNS if pattern.match(part)), None) for part in parts] if 1 < len(parts) <= 4 else []
    if kinds and all(kind in _SOCIAL for kind in kinds):
        return Talk(min((kind for kind in kinds if kind), key=_SOCIAL.index))
    for kind, pattern in _PATTERNS:
        if pattern.match(key):
            if kind == "abuse" and len(key.split()) > 12:
                continue
            return Talk(kind)
    return None


def is_how_to(words: Words) -> bool:
    """A question about a thing rather than a wish for it: 'how do I crop?', 'what is upscaling?'."""
    return bool(_HOW_TO.search(words.key.strip()))


def reply_for(kind: str, language: str, *, words: Words | None = None) -> str:
    if kind == "help":
        return _help(language)
    if kind == "question" and words is not None and (found := _about(words.key)):
        feature = by_id(found)
        assert feature is not None
        return (
            f"{feature.title_vi}: {feature.description_vi} Ví dụ: “{feature.examples_vi[0]}”."
            if language == "vi"
            else f"{feature.title}: {feature.description} For example: “{feature.examples[0]}”."
        )
    english, vietnamese = _REPLIES.get(kind, _REPLIES["chat"])
    return vietnamese if language == "vi" else english


def _about(key: str) -> str | None:
    topics = (
        ("remove_background", r"background|phong nen|tach nen|xoa nen"), ("upscale", r"upscal|enlarge|phong to|do phan giai"), ("image_expand", r"expand|outpaint|mo rong"), ("relight", r"relight|lighting|anh sang"),
        ("style_transfer", r"style transfer|chuyen phong cach"), ("reimagine", r"reimagin|variation|bien the"), ("adjust", r"crop|rotat|flip|resiz|bright|contrast|saturat|blur|sharpen|cat anh|xoay|do sang|chen chu"),
        ("image_generation", r"generat|create (?:a )?pic|tao anh|ve tranh"), ("edit", r"edit with words|replace the"),
    )  # fmt: skip
    return next((feature for feature, pattern in topics if re.search(pattern, key)), None)


def _help(language: str) -> str:
    lines = ["Mình làm được những việc này:" if language == "vi" else "Here is what I can do:"]
    for feature in features():
        if language == "vi":
            lines.append(f"• {feature.title_vi}: {feature.description_vi} Ví dụ: “{feature.examples_vi[0]}”")
        else:
            lines.append(f"• {feature.title}: {feature.description} For example: “{feature.examples[0]}”")
    lines.append(
        "Nói nhiều việc một lúc cũng được, và “hoàn tác” để quay lại."
        if language == "vi"
        else "You may ask for several things at once, and “undo” goes back."
    )
    return "\n".join(lines)


def clarify_reply(language: str, *, why: str = "unsure") -> str:
    texts = {
        "unsure": ("I'm not sure what you mean. Is it one of these?", "Mình chưa rõ ý bạn. Có phải một trong những việc này không?"),
        "reference": ("Which style? Attach a second picture as the reference, or name a style.", "Bạn muốn phong cách nào? Gửi thêm ảnh mẫu, hoặc nói tên phong cách."),
        "vague": ("Gladly! Which way?", "Được chứ! Bạn muốn theo hướng nào?"),
        "picture": ("I can't find that picture in this conversation. Which one do you mean?", "Mình không thấy ảnh đó trong cuộc trò chuyện. Bạn muốn nói ảnh nào?"),
        "follow": ("What shall I change? I have no earlier step to build on.", "Bạn muốn chỉnh gì? Mình chưa có bước nào trước đó để chỉnh thêm."),
    }  # fmt: skip
    return texts[why][1 if language == "vi" else 0]


_IMPROVEMENTS = (
    (
        "Brighter, more vivid",
        "Make it brighter, with more contrast and more vivid",
        "Sáng và tươi hơn",
        "Làm sáng hơn, tăng tương phản và màu tươi hơn",
    ),
    ("Sharper and larger", "Upscale 2x and sharpen", "Nét và to hơn", "Phóng to gấp đôi và làm nét hơn"),
    ("Blur the background", "Blur the background", "Làm mờ phông", "Làm mờ phông nền"),
    ("Another version", "Give me a wild variation", "Phiên bản khác", "Cho mình một phiên bản phá cách"),
)


def improvements(language: str) -> tuple[Choice, ...]:
    """Buttons for who wants it nicer and does not say how."""
    return tuple(
        Choice(label=label_vi, message=message_vi) if language == "vi" else Choice(label=label, message=message)
        for label, message, label_vi, message_vi in _IMPROVEMENTS
    )


_TAKES_WORDS = frozenset({"image_generation", "edit", "relight", "reimagine"})


def choices_for(feature_ids: list[str], language: str, *, said: str = "") -> tuple[Choice, ...]:
    """Buttons for features: the title, and a message that the planner understands as just that feature: what was said, or an example."""
    out = []
    for feature_id in dict.fromkeys(feature_ids):
        if feature := by_id(feature_id):
            label, message = (feature.title_vi, feature.examples_vi[0]) if language == "vi" else (feature.title, feature.examples[0])
            if said and len(said) <= 500 and feature_id in _TAKES_WORDS and feature_id in feature_ids[:3]:
                message = f"{label}: {said}"
            out.append(Choice(label=label, message=message))
    return tuple(out[:4])


def done_reply(features_in_order: list[str], language: str) -> str:
    """A short word on what will be done."""
    titles = [(feature.title_vi if language == "vi" else feature.title) for name in features_in_order if (feature := by_id(name))]
    joined = " → ".join(titles)
    return f"Mình làm ngay: {joined}." if language == "vi" else f"On it: {joined}."
