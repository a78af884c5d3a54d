import { textsIn } from '../../src/http/texts/choose-language.ts';
import { messagesInChinese } from '../../src/http/texts/messages-zh-cn.ts';
import { remediesInChinese } from '../../src/http/texts/remedies-zh-cn.ts';
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
    complete: 'MR 序列或配准：与同一患者的 CT 一同使用，从不单独勾画。无需处理。',
    'awaiting input':
      'CT 已完整；其路由或勾画方案要求在 CT 之外使用 MR（`inputs`），而 MR 或配准尚未到达，或有多个符合条件。到达后或 `waitMinutes` 之后自动继续；页面列出可选择的序列。',
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
## 扫描仪、路由器和存档会发来什么

一个序列的问题不会影响其他序列。\`W\` 表示照常勾画并附警告；对每个发送方的宽严由其 \`peers[].accept\` 决定。

| 到达的内容 | 状态 | 做什么 |
| --- | --- | --- |
| 序列中一幅图像被拒绝：被截断、像素不足、没有 UID | 不完整，SERIES_INCOMPLETE，并给出该图像的原因 | 重新发送该序列；全部到达后自动继续 |
| 全部图像被拒绝 | 已拒绝，给出图像的原因 | 按原因更正，重新发送 |
| 无法读出所属序列的图像 | 不完整：涉及同一关联上的序列 | 完整地重新发送这些序列 |
| 关联被中止，网线断开 | 不完整 | 由发送方重发，多数系统会自动重发 |
| 像素之后有多余字节 | W SURPLUS_PIXEL_BYTES | 无需处理 |
| UID 有前导零；同一患者有两种写法 | 照常勾画 | 无需处理；IDENTITY_INCOMPLETE（W）：确认患者无误 |
| UID 超过 64 个字符，或不是 UID | 已拒绝，DICOM_UID 指明属性 | 在来源处更正 |
| 一个序列中有两名患者 | 已拒绝，SERIES_MIXED_IDENTITY | 页面显示哪些图像属于另一名患者；在来源处更正 |
| 层面中混有少量重建图、报告页或其他矩阵的图像 | W LEFT_OUT | 查看数量和原因 |
| 这类图像很多 | 已拒绝，SERIES_MIXED_SIZE 或 SERIES_NOT_AXIAL | 在页面上选择，或只发送层面 |
| 没有像素的图像，或与原始图像位置相同的派生图像 | W LEFT_OUT；若某一层丢失了像素：已拒绝，SERIES_HEADER 或 SERIES_MISSING_SLICE | 重新发送该层 |
| MIP、MinIP 等投影 | 已拒绝，SERIES_PROJECTION | 发送薄层图像 |
| 名为 MPR、REFORMATTED、AVERAGE 的横断面容积 | W DERIVED | 无需处理 |
| 缺少一层 | 已拒绝，SERIES_MISSING_SLICE | 补发；将生成新的修订 |
| 图像少于图像头或存档的数量 | 可能仍会到达时为正在接收，之后为不完整 | 发送其余图像，或 \`jobs release KEY\` |
| 层面略有错位，位置不均匀 | W IN_PLANE_SHIFT、SPACING_JITTER | 无需处理：每条轮廓位于自己的层面 |
| 机架倾斜 | 已拒绝，SERIES_GANTRY_TILT；设有 \`routes[].tilt: resolve\` 时为 W TILTED | 重建为无倾斜，或为该路由启用 |
| 定位像、剂量报告、屏幕截图单独成序列 | 无需勾画 | 无需处理 |
| 同一 CT 以新的 UID 再次到达（任何压缩方式） | W REPEAT；送达之后：保持已送达，历史记录注明重复 | 无需处理 |
| 第二次采集 | 已拒绝，SERIES_TWO_ACQUISITIONS；送达之后：保持已送达，W SECOND_ACQUISITION | 在页面上选择；送达之后若要勾画第二次采集，请作为单独的序列发送 |
| 同一位置有不同像素；两个参考坐标系 | 已拒绝，SERIES_DUPLICATE_POSITION、SERIES_MIXED_FRAME | 若页面提供选择，请在页面上选择 |
| 元素重复、未知 VR、序列元素损坏 | 照常勾画；若该元素决定图像内容或归属，则已拒绝，DICOM_UNREADABLE | 在来源处更正 |
| Enhanced CT | 照常勾画；若某帧没有位置，则已拒绝，SERIES_HEADER | 以普通 CT 发送 |

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

**警告**：[warnings.md](warnings.md)。**备份、升级、回退**：[deployment.md](../deployment.md)（英文）。
`,
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
