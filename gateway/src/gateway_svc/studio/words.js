// What does the page say?  Every word in both languages.
const WORDS = {
  en: {
    chat: "Chat", gallery: "Gallery", trash: "Trash", language: "Tiếng Việt", account: "Account", newChat: "+ New chat",
    say: "Say what you want: “Create a sunset over mountains”, or drop a photo…", attach: "Attach a picture", removePicture: "Remove the picture",
    send: "Send", search: "Search in prompts…", more: "More", emptyTrash: "Empty the trash", dropHere: "Drop the picture here", close: "Close",
    editThis: "Edit in chat", download: "Download", userName: "User name", token: "Token or API key",
    tokenHint: "Only needed when the studio asks for sign-in. It stays in this browser.", save: "Save",
    hello: "What shall we make?", helloHint: "Describe a picture, or give one and say what should change.",
    examples: ["Create a sunset over mountains, 16:9", "A night sky over a quiet sea", "Remove the background", "Make it black and white"],
    working: "Working…", cancel: "Cancel", retry: "Try again", cancelled: "Cancelled", approve: "Run this plan", copied: "Copied",
    deleteChat: "Delete this chat?", noPictures: "No pictures yet: ask for one in the chat.", emptyTrashNow: "The trash is empty.",
    purgeAll: "Delete everything in the trash for good?", purge: "Delete for good", restore: "Restore", toTrash: "Move to trash", favorite: "Favourite",
    purgeOne: "Delete this picture for good?", daysLeft: (days) => `${days} days left`, offline: "The studio can't be reached just now.",
    signIn: "Please sign in first.", tooLarge: "A picture may have 10 MB.", noPicture: "That file is no picture.", rename: "New name",
    stages: { received: "Received", planned: "Planned", planning: "Thinking…", queued: "Waiting", started: "Started", finished: "Finished" },
  },
  vi: {
    chat: "Trò chuyện", gallery: "Bộ sưu tập", trash: "Thùng rác", language: "English", account: "Tài khoản", newChat: "+ Cuộc trò chuyện mới",
    say: "Hãy nói điều bạn muốn: “Tạo cảnh hoàng hôn trên núi”, hoặc thả ảnh vào đây…", attach: "Đính kèm ảnh", removePicture: "Bỏ ảnh",
    send: "Gửi", search: "Tìm trong mô tả…", more: "Xem thêm", emptyTrash: "Dọn sạch thùng rác", dropHere: "Thả ảnh vào đây", close: "Đóng",
    editThis: "Sửa trong trò chuyện", download: "Tải xuống", userName: "Tên người dùng", token: "Mã đăng nhập hoặc khóa API",
    tokenHint: "Chỉ cần khi studio yêu cầu đăng nhập. Chỉ lưu trong trình duyệt này.", save: "Lưu",
    hello: "Hôm nay mình tạo gì nhỉ?", helloHint: "Mô tả một bức ảnh, hoặc gửi ảnh và nói cần thay đổi gì.",
    examples: ["Tạo cảnh hoàng hôn trên núi, 16:9", "Bầu trời đêm trên mặt biển lặng", "Xóa phông nền giúp mình", "Chuyển sang đen trắng"],
    working: "Đang làm…", cancel: "Hủy", retry: "Thử lại", cancelled: "Đã hủy", approve: "Chạy kế hoạch này", copied: "Đã chép",
    deleteChat: "Xóa cuộc trò chuyện này?", noPictures: "Chưa có ảnh nào: hãy yêu cầu trong phần trò chuyện.", emptyTrashNow: "Thùng rác trống.",
    purgeAll: "Xóa vĩnh viễn mọi ảnh trong thùng rác?", purge: "Xóa vĩnh viễn", restore: "Khôi phục", toTrash: "Bỏ vào thùng rác", favorite: "Yêu thích",
    purgeOne: "Xóa vĩnh viễn ảnh này?", daysLeft: (days) => `còn ${days} ngày`, offline: "Hiện không kết nối được với studio.",
    signIn: "Vui lòng đăng nhập trước.", tooLarge: "Mỗi ảnh tối đa 10 MB.", noPicture: "Tệp này không phải ảnh.", rename: "Tên mới",
    stages: { received: "Đã nhận", planned: "Đã có kế hoạch", planning: "Đang suy nghĩ…", queued: "Đang chờ", started: "Đã bắt đầu", finished: "Xong" },
  },
};

let language = localStorage.getItem("photofun.language") || (navigator.language.startsWith("vi") ? "vi" : "en");

export const word = (name) => WORDS[language][name];
export const stage = (name) => WORDS[language].stages[name] || name;

export function speak(root = document) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of root.querySelectorAll("[data-placeholder]")) node.placeholder = word(node.dataset.placeholder);
  for (const node of root.querySelectorAll("[data-title]")) {
    node.title = word(node.dataset.title);
    node.setAttribute("aria-label", node.title);
  }
  const button = root.querySelector("#language");
  if (button) button.textContent = language === "en" ? "VI" : "EN";
}

export function switchLanguage() {
  language = language === "en" ? "vi" : "en";
  localStorage.setItem("photofun.language", language);
  speak();
}
