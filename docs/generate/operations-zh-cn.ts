import { textsIn } from '../../src/http/texts/choose-language.ts';
import { messagesInChinese } from '../../src/http/texts/messages-zh-cn.ts';
import { remediesInChinese } from '../../src/http/texts/remedies-zh-cn.ts';
import { warningsInChinese } from '../../src/http/texts/warnings-zh-cn.ts';
import type { OperationsTexts } from './operations.ts';

/** docs/zh-CN/operations.md, text by text as docs/operations.md. */
export const operationsInChinese: OperationsTexts = {
  introduction: `# 日常运行

由 \`node docs/generate/operations.ts\` 生成；错误代码取自 \`src/errors.ts\`，由测试核对。英文版：[operations.md](../operations.md)。
本软件不是医疗器械：自动勾画的结果必须由医师审核。

## 每天

页面列出每个序列及其状态（默认地址 <http://127.0.0.1:8080>，右上角可切换语言）；每天早晨看什么、做什么，见 [daily.md](daily.md)。
终端中的同样内容：

\`\`\`sh
./contour-node jobs list                                   # 最近有变化的在前
./contour-node jobs list --state 'delivery failed'
./contour-node jobs show 3f2a9c81d07be645                  # 该序列的历史记录
./contour-node jobs resend 3f2a9c81d07be645                # 重新发送已保存的文件，逐字节相同
./contour-node doctor --config /etc/contour-node/contour-node.yaml
\`\`\`

序列的键是其 Series Instance UID 的假名。日志、队列、指标和上述列表不含患者数据；数据目录含有患者数据。

`,
  statesTitle: '序列的状态',
  statesHead: ['状态', '含义与处理'],
  stateNames: textsIn('zh-CN').states,
  states: {
    receiving: '图像正在到达，最后一幅距今不到静默时间，或其余图像仍在途中：页面会说明在等待什么。',
    incomplete:
      '缺少图像，或有图像被拒绝。序列在等待：请从扫描仪重新发送，或运行 `jobs release KEY`。若启用了 peers[].retrieve，缺少的图像已自动取回过一次，结果见历史记录。',
    rejected:
      '无法按现状勾画，或全部图像被拒绝；页面给出原因。请在来源处更正后重新发送。若图像分属几次扫描，或部分图像与其余不一致，页面会列出它们并附小图，可选择只勾画其中一部分。',
    'nothing to contour': '只有定位像，或只有报告和屏幕截图。不报警，无需处理：扫描本身会作为单独的序列到达。',
    unrouted: '没有匹配的路由。请添加路由，运行 `contour-node reload`，然后运行 `jobs retry KEY`。',
    queued: '等待 worker。',
    contouring: 'worker 正在勾画。',
    contoured: '已勾画；该路由没有目的地。',
    'contoured check':
      '已勾画，没有目的地；有警告表明勾画可能有误或不完整。查看后运行 `jobs acknowledge KEY`，或点击页面上的“我已查看”。',
    held: '因这类警告（`routes[].hold: check`）已勾画但未发送。查看勾画和警告后运行 `jobs acknowledge KEY`，或点击页面上的“我已查看：发送”，即刻发送。同一序列的更好的 CT 会取代它。',
    delivering: '正在发送到计划系统，或等待下一次尝试。',
    delivered: '计划系统已通过 C-STORE 确认收到该结构集。',
    'delivered check': '已送达，但有这类警告。在有人查看之前需要关注：`jobs acknowledge KEY`，或页面上的“我已查看”。',
    'delivery failed': '在 retryHours 内未能送达。计划系统恢复后运行 `jobs resend KEY`。',
    'nothing found': '模型没有找到任何结构，未发送结构集。',
    failed: '勾画失败，不再自动尝试；页面给出原因。`jobs retry KEY` 可重新开始。',
    'set aside': '其 worker 已中断 worker.maximumTries 次，不再尝试。请查看日志，然后运行 `jobs retry KEY`。',
  },
  rest: `
## 出现问题时

| 现象 | 查看 |
| --- | --- |
| 什么也没有到达 | 在本机运行 \`doctor\`；在扫描仪控制台对本节点做 C-ECHO。日志记录了每个被拒绝的关联及其原因 |
| CT 已到达但未勾画 | 列表中的状态和原因；\`/health/ready\` 说明 Redis 和 worker 是否正常 |
| 已勾画但未送达 | 序列页面上目的地一行；\`doctor\` 可在不发送结构集的情况下测试计划系统 |
| 节点无法启动 | 它输出的那一行：代码、文件和行号、处理方法 |
| 节点变慢 | \`/metrics\`：各阶段用时、各队列的等待时间（\`deploy/monitoring/\` 中有告警规则和仪表板） |

**磁盘。** 剩余空间低于 \`retention.minimumFreeGigabytes\` 时，节点提前删除已送达的序列，并在日志、指标和页面上说明。低于
\`intake.reservedMegabytes\` 时，节点拒绝新的关联（2/3/2），对正在到达的实例返回 0xA700，扫描仪因此保留其图像。任何实例在写入磁盘之前都不会被确认。

**Redis。** Redis 停止或被清空时不会丢失任何内容：节点照常接收 CT，并在 Redis 恢复后重新加入所有待办任务。

**停止与启动。** 收到 SIGTERM 后节点不再接受新的关联。进行中的关联可在 \`dicom.shutdownSeconds\` 内完成，之后被中止，其序列保持不完整，直到重新发送。
进行中的勾画有 30 秒时间，之后任务退回队列，不计为一次尝试。所有进程在 45 秒内结束，退出代码为 0。用 \`kill -9\` 结束进程最多损失一次尝试。

**备份、升级、回退**：[deployment.md](../deployment.md)（英文）。
`,
  warnings: `
## 警告

有警告的序列照常勾画。“请核查”（\`check\`）：勾画可能有误或不完整，使用前必须有人查看；该序列显示为琥珀色的“已送达，请核查”，列在“需要处理”之下，
直到操作员点击“我已查看”（或运行 \`jobs acknowledge KEY\`）；历史记录和审计记录保留其姓名。路由设有 \`hold: check\` 时，结构集在此之前不发送。
序列的新修订会取代被暂缓的结果。“警告”：需要知晓。“提示”：只显示在序列页面上。没有任何目的地接收的 ROI，其警告不计。

`,
  warningsHead: ['代码', '级别', '含义'],
  warningMeanings: warningsInChinese,
  severities: textsIn('zh-CN').severities,
  codes: `
## 错误代码

日志、接口、页面和标准错误输出使用同样的代码。“退出”是以该错误结束的命令的退出代码：1 失败，2 用法错误。“HTTP”是接口答复的状态，
“C-STORE”是拒绝实例时的响应状态；空白分别表示 500 和 0xA700。只要“问题在于”一列的输入不变，再次尝试就不会成功。

`,
  codesHead: ['代码', '退出', 'HTTP', 'C-STORE', '问题在于', '原因', '处理方法'],
  faults: { CT: 'CT', 'structure set': '结构集', either: 'CT 或结构集' },
  causes: messagesInChinese,
  remedy: (code) => remediesInChinese[code],
};
