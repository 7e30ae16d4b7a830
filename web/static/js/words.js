/** Amounts: integer fen in, text out; the same as auction/kernel/money.py, which is what the server uses. */

const DIGITS = [..."零壹贰叁肆伍陆柒捌玖"];
const PLACES = ["", "拾", "佰", "仟"];

/** `2,566,000` or `2,566,000.50`: yuan with thousands, fen only where there are any. */
export function yuan(fen) {
  const whole = String(Math.floor(Math.abs(fen) / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  const rest = Math.abs(fen) % 100;
  return (fen < 0 ? "-" : "") + whole + (rest ? "." + String(rest).padStart(2, "0") : "");
}

/** Fen of what somebody typed in yuan; null if it is not an amount of 0.01 to 10^13 yuan. */
export function parseYuan(text) {
  const plain = text.normalize("NFKC").replace(/[¥,，\s元]/g, "");
  const found = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(plain);
  if (!found) return null;
  const fen = Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
  return fen > 0 && fen <= 1e15 ? fen : null;
}

/** One group of four digits: 2566 -> 贰仟伍佰陆拾陆. */
function group(number) {
  let text = "";
  let gap = false;
  for (let place = 3; place >= 0; place -= 1) {
    const digit = Math.floor(number / 10 ** place) % 10;
    if (digit === 0) {
      gap = text !== "";
      continue;
    }
    text += (gap ? "零" : "") + DIGITS[digit] + PLACES[place];
    gap = false;
  }
  return text;
}

/** A whole number split at `size` (万, then 亿), with 零 where a place between the parts is empty. */
function whole(number, size = 1e8, name = "亿") {
  const high = Math.floor(number / size);
  const low = number % size;
  const rest = (part) => (size === 1e8 ? whole(part, 1e4, "万") : group(part));
  if (!high) return rest(low);
  const gap = low > 0 && low < size / 10 ? "零" : "";
  return rest(high) + name + gap + (low ? rest(low) : "");
}

/** The amount as documents spell it: 人民币贰佰伍拾陆万陆仟元整. */
export function inWords(fen) {
  const yuanNumber = Math.floor(fen / 100);
  const jiao = Math.floor(fen / 10) % 10;
  const cents = fen % 10;
  let text = "人民币" + (yuanNumber ? whole(yuanNumber) + "元" : "");
  if (!jiao && !cents) return text + "整";
  if (jiao) text += DIGITS[jiao] + "角";
  else if (yuanNumber) text += "零";
  if (cents) text += DIGITS[cents] + "分";
  return text;
}
