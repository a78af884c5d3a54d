/** `node docs/generate/warnings.ts` writes docs/warnings.md and docs/zh-CN/warnings.md. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { textsIn } from '../../src/http/texts/choose-language.ts';
import { severities, severityOf } from '../../src/warning.ts';
import { table } from './markdown-table.ts';
import { warningMeanings, type WarningMeanings } from './warning-meanings.ts';
import { warningMeaningsInChinese } from './warning-meanings-zh-cn.ts';

const english = `# How to read each warning

Written by \`node docs/generate/warnings.ts\`. A warning belongs to a CT, to a structure or to a correction. The series is
contoured all the same: the warning says where to look before the contours are used. Its code stands in the API, in \`jobs show\` and in the
journal; the page shows its line, with the values.

**check**: the contours may be wrong or incomplete, so somebody has to look before they are used. The series is then
"delivered, check", amber, under "Needs attention", until an operator says "I have looked" (on the page, or \`jobs acknowledge KEY\`); history
and audit trail keep the name. On a route with \`hold: check\` its structure set is not delivered before, and is with the look. A later revision
of the series replaces what is held. Notifications tell it as \`check\`. **warning**: to be known. **notice**: shown on the page of the
series alone. A warning of an ROI that no destination gets does not count.

"The training data" is what the model has learnt from. A CT unlike it is no fault; contours on it are less certain.

`;

const chinese = `# 怎样看警告

由 \`node docs/generate/warnings.ts\` 生成；英文版：[warnings.md](../warnings.md)。警告属于某个 CT、某个结构或某份修改结果。序列照常勾画，
警告说明在使用勾画之前应查看哪里。代码见于接口、\`jobs show\` 和历史记录；页面显示该警告及其数值。

**请核查**（\`check\`）：勾画可能有误或不完整，使用前必须有人查看。该序列显示为琥珀色的“已送达，请核查”，列在“需要处理”之下，
直到操作员点击“我已查看”（或运行 \`jobs acknowledge KEY\`）；历史记录和审计记录保留其姓名。路由设有 \`hold: check\` 时，
结构集在此之前不发送，查看后即发送。序列的新修订会取代被暂缓的结果。通知中称为 \`check\`。**警告**（\`warning\`）：需要知晓。
**提示**（\`notice\`）：只显示在序列页面上。没有任何目的地接收的 ROI，其警告不计。

“训练数据”是模型学习所用的数据。与之不同的 CT 并无过错，只是其勾画更不确定。

`;

/** The whole text of docs/warnings.md, or of the same page in Chinese: the gravest first. */
export function warningsPage(language: 'en' | 'zh-CN'): string {
  const isEnglish = language === 'en';
  const meanings: WarningMeanings = isEnglish ? warningMeanings : warningMeaningsInChinese;
  const names = textsIn(language).severities;
  const rows = severities.flatMap((severity) =>
    Object.entries(meanings)
      .filter(([code]) => severityOf({ code }) === severity)
      .map(([code, [says, toDo]]) => [`\`${code}\``, names[severity], says, toDo]),
  );
  const head = isEnglish ? ['code', 'severity', 'what it says', 'what I do'] : ['代码', '级别', '含义', '做什么'];
  return `${isEnglish ? english : chinese}${table(head, rows)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../warnings.md', import.meta.url), warningsPage('en'));
  writeFileSync(new URL('../zh-CN/warnings.md', import.meta.url), warningsPage('zh-CN'));
}
